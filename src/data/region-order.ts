import type { LabelEntry } from './label-names.ts';

/** The entry of dataset.json that says which value is painted where a region is on. */
export const ORDER = 'regions_class_order';

/** Of each region a value that lies in it and in no later one, so that painting in this order shows every region. */
export function likelyOrder(regions: readonly LabelEntry[]): number[] {
  return regions.map(({ values }, r) => {
    const later = regions.slice(r + 1).flatMap((region) => region.values);
    return values.find((value) => !later.includes(value)) ?? values[0];
  });
}

/** What is wrong with the order of such regions; `undefined` where nothing is. */
export function orderMistake(order: unknown, regions: readonly LabelEntry[]): string | undefined {
  const wanted = `one value for each of ${regions.map(({ name }) => name).join(', ')}`;
  if (order === undefined || order === null) return `${ORDER} is missing; regions need it, ${wanted}`;
  const shown = JSON.stringify(order);
  if (!Array.isArray(order)) return `${ORDER} is ${shown}; it is a list, ${wanted}`;
  if (order.length !== regions.length)
    return `${ORDER} has ${order.length} values, ${shown}; it has ${wanted}`;
  const known = new Set(regions.flatMap(({ values }) => values));
  const wrong = order.find((value) => !known.has(value as number));
  if (wrong === undefined) return undefined;
  const all = [...known].sort((a, b) => a - b).join(', ');
  return `${ORDER} holds ${JSON.stringify(wrong)}, which lies in no region; values of regions are ${all}`;
}
