/** The device refused something that the bundle needs. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
}
