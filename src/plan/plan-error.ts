/** A graph cannot be run within the adapter's limits. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}
