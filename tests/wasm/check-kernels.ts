import { trainingEntries } from '../../src/autodiff/entries.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { shippedNames } from '../../src/files/spec-files.ts';
import { cpuTarget, namedTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { engine } from '../../src/runtime/wasm/engine.ts';
import { compileKernel } from '../../src/wasm/compile/kernel.ts';
import { encodeModule } from '../../src/wasm/encode/module.ts';

/** Names of the specs that are shipped. */
export const specNames = shippedNames();

/** Texts of the kernels of a training step, or of the forward pass where the spec does not train, planned for `cpu` and other targets. */
export function kernelsOf(spec: string, targets: readonly string[]): Map<string, string> {
  const model = openModel(spec, { batch: 1, training: true });
  const [section] = model.train;
  const entries = section
    ? trainingEntries(model, section, section.optimizer, ops).entries
    : { forward: model.graph };
  const texts = new Map<string, string>();
  for (const target of [cpuTarget, ...targets.map(namedTarget)]) {
    const { kernels } = planProgram(entries, ops, kernelRenderer(), {
      model: model.name,
      batch: 1,
      target,
    });
    for (const { name, wgsl } of kernels) texts.set(wgsl, `${target.name} ${name}`);
  }
  return texts;
}

/** Compiles kernels, with both ways to treat indices; the names of those that the engine does not take. */
export function rejectedOf(texts: ReadonlyMap<string, string>): string[] {
  const rejected: string[] = [];
  for (const [wgsl, name] of texts) {
    for (const bounds of ['trusted', 'clamp'] as const) {
      const kernel = compileKernel('kernel', wgsl, { bounds, relaxed: false });
      if (!engine.validate(encodeModule([kernel]))) rejected.push(`${name}, ${bounds}`);
    }
  }
  return rejected;
}
