export interface Entry {
  readonly severity: 'error' | 'warning';
  /** `{name}` stands for an argument. */
  readonly message: string;
  /** What to try, as a phrase; a report may give a better one. */
  readonly hint: string;
  /** What `archc explain CODE` prints. */
  readonly explanation: string;
}

/** The arguments that a template asks for. */
export type ArgsIn<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ArgsIn<Rest>
  : never;
