import type { OutputSection, TrainDecl, TrainEntry } from './ast.ts';
import { PretrainedParser } from './pretrained.ts';
import { isNameToken } from './recovery.ts';
import * as t from './tokens.ts';

type Settings = Pick<TrainDecl, 'entries' | 'outputs'>;

/** What stands in a train section: settings `key = value`, and such of single outputs, `output NAME { key = value }`. */
export abstract class TrainParser extends PretrainedParser {
  protected trainSettings = this.RULE('trainSettings', (): Settings => {
    const entries: TrainEntry[] = [];
    const outputs: OutputSection[] = [];
    this.CONSUME(t.LCurly);
    this.lines('a setting', () => {
      this.OR([
        // `output` alone is a name like any other.
        {
          GATE: () => isNameToken(this.LA(2)),
          ALT: () => {
            const section = this.SUBRULE(this.outputSection);
            if (section) outputs.push(section);
          },
        },
        {
          ALT: () => {
            const entry = this.SUBRULE(this.trainEntry);
            if (entry) entries.push(entry);
          },
        },
      ]);
    });
    this.CONSUME(t.RCurly);
    return { entries, outputs };
  });

  private outputSection = this.RULE('outputSection', (): OutputSection | undefined => {
    return this.recoverable<OutputSection | undefined>(
      () => {
        const first = this.CONSUME(t.Output);
        const start = this.LA(1);
        const name = this.SUBRULE(this.identifier);
        const indices = this.SUBRULE(this.indices);
        const path = this.spanFrom(start);
        const entries = this.SUBRULE(this.outputEntries);
        return { name, indices, entries, path, span: this.spanFrom(first) };
      },
      () => undefined,
    );
  });

  private outputEntries = this.RULE('outputEntries', (): TrainEntry[] => {
    const entries: TrainEntry[] = [];
    this.CONSUME(t.LCurly);
    this.lines('a setting of the output', () => {
      const entry = this.SUBRULE(this.trainEntry);
      if (entry) entries.push(entry);
    });
    this.CONSUME(t.RCurly);
    return entries;
  });

  private trainEntry = this.RULE('trainEntry', (): TrainEntry | undefined => {
    return this.recoverable<TrainEntry | undefined>(
      () => {
        const first = this.LA(1);
        const key = this.SUBRULE(this.identifier);
        this.CONSUME(t.Equals);
        const value = this.SUBRULE(this.expression);
        return { key, value, span: this.spanFrom(first) };
      },
      () => undefined,
    );
  });
}
