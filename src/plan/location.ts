/** Where a value lies, in bytes. */
export interface Location {
  readonly buffer: number;
  readonly offset: number;
  readonly size: number;
}
