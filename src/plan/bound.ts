import type { ValueId } from '../ir/graph.ts';
import type { KernelCall } from '../ir/kernel.ts';
import { chainLoads, computedValues, hostOf, type Unit } from './unit.ts';
import type { Views } from './views.ts';

/** The flag that a kernel sets where what it stores is beyond half precision: a place beside those of values. */
const OVERFLOW = -1 as ValueId;

/**
 * The places that a call of a unit binds, each once, as the values that lie there.
 *
 * @param isStored whether a value that the unit computes is needed by others
 */
export function boundPlaces(
  unit: Unit,
  call: KernelCall,
  views: Views,
  isStored: (v: ValueId) => boolean,
): Set<ValueId> {
  const places = new Set<ValueId>();
  const read = (from: Unit, v: ValueId) => {
    const prologue = from.prologues.get(v);
    if (!prologue) places.add(views.same(v));
    else readAll(prologue, prologue.calls[0]);
  };
  const readAll = (from: Unit, of: KernelCall) => {
    for (const r of of.reads) read(from, r.value.id);
    if (of !== hostOf(from)) return;
    for (const { value } of chainLoads(from)) read(from, value);
  };
  readAll(unit, call);
  const write = (v: ValueId) => {
    places.add(views.same(v));
    if (views.storage(v) === 'f16') places.add(OVERFLOW);
  };
  const isHost = call === hostOf(unit);
  for (const w of call.writes) {
    if (isHost && w.name === call.fusable && !isStored(w.value.id)) continue;
    write(w.value.id);
  }
  if (isHost) for (const v of computedValues(unit)) if (isStored(v)) write(v);
  return places;
}
