import type { OpTable } from '../ir/op.ts';
import type { Reporter } from './diagnostics/index.ts';
import type { Program } from './modules.ts';
export function resolveNames(_program: Program, _ops: OpTable, _reporter: Reporter): void {}
