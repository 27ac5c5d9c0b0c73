import type { ValueId } from '../ir/graph.ts';
import type { KernelCall } from '../ir/kernel.ts';
import { chainLoads, computedValues, type Unit } from './unit.ts';
import type { Views } from './views.ts';

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
    if (of !== from.calls.at(-1)) return;
    for (const { value } of chainLoads(from)) read(from, value);
  };
  readAll(unit, call);
  const isLast = call === unit.calls.at(-1);
  for (const w of call.writes) {
    if (isLast && w.name === call.fusable && !isStored(w.value.id)) continue;
    places.add(views.same(w.value.id));
  }
  if (isLast) for (const v of computedValues(unit)) if (isStored(v)) places.add(views.same(v));
  return places;
}
