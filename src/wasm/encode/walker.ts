import { type AddressBits, COMMAND, CONTROL, DISPATCH, RING } from '../../runtime/wasm/memory-map.ts';
import { Assembler, type BlockLabel, type Local } from './assembler.ts';
import type { FunctionBody } from './module.ts';

export const KERNEL_TYPE = 0;
export const DONE_TYPE = 1;
export const WALKER_TYPE = 2;
export const WALKER_NAME = 'walk';

/**
 * The function in which each thread sits: `walk(scratch, mayWait)`. It takes workgroups of the dispatch that is shared
 * out, runs them, and looks for more. Whoever finishes the last workgroup of a dispatch goes on with the commands, alone:
 * copies, signals, and dispatches that are not worth sharing are its own; the next one that is, it shares out. So a
 * dispatch waits for those threads only that took a part in it: one that sleeps, or that the system does not run, holds
 * nothing up.
 *
 * A thread that finds nothing looks again for a while, then waits; where it may not wait, the function returns. All
 * words of {@link CONTROL} by which threads agree are read and written atomically, which orders all else: what a thread
 * stored before it added to `finished` is there for whoever adds last, and through `ticket` for those that take from the
 * next dispatch.
 *
 * The ticket holds the number of the dispatch beside its next workgroup, so that a thread which comes late with what it
 * knows of an earlier one takes nothing. The address of dispatch n lies in one of two places, by n's last bit: the one
 * that such a thread may read is overwritten when its ticket no longer holds.
 *
 * @param done index of the imported function
 * @param bits of the memory's addresses
 */
export function walker(done: number, bits: AddressBits): FunctionBody {
  const w = new Writer(bits);
  w.asm.loop((live) => {
    w.load(CONTROL.quit).if(() => w.asm.return());
    w.load(CONTROL.version).set(w.version);
    w.asm.block((goOn) => {
      w.takePart(live, goOn);
      w.becomeWalker(live, goOn);
      w.rest(live);
    });
    w.asm.loop((next) => {
      w.nextDispatch(live, next);
      w.nextCommand(live, next, done);
    });
  });
  return { locals: w.asm.locals, code: w.asm.code };
}

const SCRATCH: Local = 0;
const MAY_WAIT: Local = 1;

class Writer {
  readonly asm: Assembler;
  readonly version: Local;
  /** The dispatch, and what is known of it. */
  private readonly dispatch: Local;
  private readonly total: Local;
  /** Workgroups that this thread takes, from `first` on. */
  private readonly first: Local;
  private readonly taken: Local;
  private readonly grain: Local;
  /** Where something lies, and what is counted. */
  private readonly place: Local;
  private readonly count: Local;
  private readonly ticket: Local;

  constructor(bits: AddressBits) {
    this.asm = new Assembler(2, bits);
    const word = () => this.asm.local('i32');
    this.version = word();
    this.dispatch = word();
    this.total = word();
    this.first = word();
    this.taken = word();
    this.grain = word();
    this.place = word();
    this.count = word();
    this.ticket = this.asm.local('i64');
  }

  /** Takes a part of the dispatch that is shared out, and runs it; `goOn` where that was the last one. */
  takePart(live: BlockLabel, goOn: BlockLabel): void {
    const { asm } = this;
    asm.origin().memory('i64.atomic.load', CONTROL.ticket).set(this.ticket);
    asm.get(this.ticket).op('i32.wrap_i64').set(this.first);
    this.sharedPlace().memory('i32.load', CONTROL.shared).tee(this.dispatch).address();
    asm.memory('i32.load', DISPATCH.total).set(this.total);
    asm.get(this.first).get(this.total).op('i32.lt_u');
    asm.if(() => {
      this.portion();
      asm.origin().get(this.ticket);
      asm.get(this.ticket).get(this.taken).op('i64.extend_i32_u').op('i64.add');
      asm.memory('i64.atomic.rmw.cmpxchg', CONTROL.ticket).get(this.ticket).op('i64.ne').brIf(live);
      this.runTaken();
      this.finish().brIf(goOn);
      asm.br(live);
    });
  }

  /** Where nobody is at the commands, and there are some, goes on with them. */
  becomeWalker(live: BlockLabel, goOn: BlockLabel): void {
    const { asm } = this;
    this.load(CONTROL.walking).op('i32.eqz');
    this.load(CONTROL.written);
    this.load(CONTROL.begun).op('i32.ne').op('i32.and');
    asm.if(() => {
      asm.origin().i32(0).i32(1).memory('i32.atomic.rmw.cmpxchg', CONTROL.walking);
      asm.op('i32.eqz').brIf(goOn).br(live);
    });
  }

  /** Waits for something to do. */
  rest(live: BlockLabel): void {
    const { asm } = this;
    asm.get(MAY_WAIT).op('i32.eqz');
    asm.if(() => asm.return());
    this.load(CONTROL.spins).set(this.count);
    asm.loop((again) => {
      this.load(CONTROL.version).get(this.version).op('i32.ne').brIf(live);
      asm.get(this.count).i32(1).op('i32.sub').tee(this.count).brIf(again);
    });
    this.add(CONTROL.sleepers, 1);
    // Whoever changes the version looks at the sleepers afterwards: either it sees this one, or this one sees the change.
    asm.origin().get(this.version).i64(-1).memory('memory.atomic.wait32', CONTROL.version).op('drop');
    this.add(CONTROL.sleepers, -1);
    asm.br(live);
  }

  /** Goes on with the list of dispatches, if there is something left of it. No dispatch is shared out now. */
  nextDispatch(live: BlockLabel, next: BlockLabel): void {
    const { asm } = this;
    asm.origin().memory('i32.load', CONTROL.cursor).tee(this.place);
    asm.origin().memory('i32.load', CONTROL.listEnd).op('i32.ne');
    asm.if(() => {
      asm.origin().get(this.place).i32(4).op('i32.add').memory('i32.store', CONTROL.cursor);
      asm.get(this.place).address().memory('i32.load').tee(this.dispatch).address();
      asm.memory('i32.load', DISPATCH.total).set(this.total);
      asm.i32(0).set(this.first);
      this.portion();
      asm.get(this.taken).get(this.total).op('i32.eq');
      asm.if(() => {
        this.runTaken();
        asm.br(next);
      });
      this.shareOut();
      this.runTaken();
      this.finish().brIf(next);
      asm.br(live);
    });
  }

  /** Makes the dispatch the shared one, all but what this thread takes, and wakes as many threads as it is for. */
  private shareOut(): void {
    const { asm } = this;
    asm.origin().i32(0).memory('i32.store', CONTROL.finished);
    asm.origin().memory('i64.atomic.load', CONTROL.ticket);
    asm.i64(32).op('i64.shr_u').i64(1).op('i64.add').i64(32).op('i64.shl');
    asm.get(this.taken).op('i64.extend_i32_u').op('i64.or').set(this.ticket);
    this.sharedPlace().get(this.dispatch).memory('i32.store', CONTROL.shared);
    asm.origin().get(this.ticket).memory('i64.atomic.store', CONTROL.ticket);
    this.add(CONTROL.version, 1);
    this.load(CONTROL.sleepers);
    asm.if(() => {
      asm.origin().get(this.total).get(this.taken).op('i32.sub').get(this.grain).op('i32.add').i32(1);
      asm
        .op('i32.sub')
        .get(this.grain)
        .op('i32.div_u')
        .memory('memory.atomic.notify', CONTROL.version)
        .op('drop');
    });
  }

  /** What was begun is done; begins the next command, or leaves that to whoever sees one first. */
  nextCommand(live: BlockLabel, next: BlockLabel, done: number): void {
    const { asm } = this;
    this.load(CONTROL.begun).set(this.count);
    this.store(CONTROL.completed, () => asm.get(this.count));
    this.load(CONTROL.written).get(this.count).op('i32.eq');
    asm.if(() => {
      this.store(CONTROL.walking, () => asm.i32(0));
      asm.br(live);
    });
    asm
      .get(this.count)
      .i32(RING.length - 1)
      .op('i32.and')
      .i32(RING.stride)
      .op('i32.mul')
      .set(this.place);
    this.store(CONTROL.begun, () => asm.get(this.count).i32(1).op('i32.add'));
    const word = (k: number) =>
      asm
        .get(this.place)
        .address()
        .memory('i32.load', RING.start + 4 * k);
    const command = (which: number, body: () => void): void => {
      word(0).i32(which).op('i32.eq');
      asm.if(() => {
        body();
        asm.br(next);
      });
    };
    command(COMMAND.run, () => {
      asm.origin();
      word(1).memory('i32.store', CONTROL.cursor).origin();
      word(2).memory('i32.store', CONTROL.listEnd);
    });
    command(COMMAND.copy, () => {
      word(1).place();
      word(2).place();
      word(3).address().copy();
    });
    command(COMMAND.clear, () => {
      word(1).place().i32(0);
      word(2).address().fill();
    });
    // A signal: it is done when it is given, so that whoever hears it sees that all before is.
    this.store(CONTROL.completed, () => asm.get(this.count).i32(1).op('i32.add'));
    word(1).call(done).br(next);
  }

  /** How much of what is left from `first` on a thread takes: ever less, so that all end at about the same time. */
  private portion(): void {
    const { asm } = this;
    asm.get(this.dispatch).address().memory('i32.load', DISPATCH.grain).set(this.grain);
    asm.get(this.total).get(this.first).op('i32.sub').tee(this.count);
    this.load(CONTROL.share).op('i32.div_u').tee(this.taken);
    // The larger of share and grain, but no more than there is.
    asm.get(this.grain).get(this.taken).get(this.grain).op('i32.gt_u').op('select').tee(this.taken);
    asm.get(this.count).get(this.taken).get(this.count).op('i32.lt_u').op('select').set(this.taken);
  }

  private runTaken(): void {
    const { asm } = this;
    asm.get(this.first).get(this.first).get(this.taken).op('i32.add');
    asm.get(this.dispatch).i32(DISPATCH.record).op('i32.add').get(SCRATCH);
    asm.get(this.dispatch).address().memory('i32.load', DISPATCH.kernel).callIndirect(KERNEL_TYPE);
  }

  /** Leaves on the stack whether what was taken was the last of the dispatch. */
  private finish(): Assembler {
    const { asm } = this;
    asm.origin().get(this.taken).memory('i32.atomic.rmw.add', CONTROL.finished);
    return asm.get(this.taken).op('i32.add').get(this.total).op('i32.eq');
  }

  /** The offset of the place of the ticket's dispatch. */
  private sharedPlace(): Assembler {
    const { asm } = this;
    asm.get(this.ticket).i64(32).op('i64.shr_u').op('i32.wrap_i64');
    return asm.i32(1).op('i32.and').i32(2).op('i32.shl').address();
  }

  load(word: number): Assembler {
    return this.asm.origin().memory('i32.atomic.load', word);
  }

  private store(word: number, value: () => void): void {
    this.asm.origin();
    value();
    this.asm.memory('i32.atomic.store', word);
  }

  private add(word: number, by: number): void {
    this.asm.origin().i32(by).memory('i32.atomic.rmw.add', word).op('drop');
  }
}
