import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { initialise } from '../../src/compiler/initialise.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { InputError } from '../../src/errors.ts';
import { openModel } from '../../src/files/open.ts';
import type { ElaboratedModel } from '../../src/language/model.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import { float32Tensor, type Tensor, toFloat32 } from '../../src/tensors/tensor.ts';
import { writeCheckpoint } from '../../src/training/checkpoint.ts';
import { runIdentity } from '../../src/training/identity.ts';
import {
  type PretrainedReport,
  pretrainedSource,
  readPretrained,
  requireAllowed,
} from '../../src/training/pretrained.ts';
import { readWeights } from '../../src/training/weights-file.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/checkpoints/${name}`, import.meta.url));
const truth = readSafetensors(fixture('vmamba.safetensors')).tensors;
const folder = mkdtempSync(join(tmpdir(), 'archc-pretrained-'));

/** The fixture's configuration: three channels, 64×64, one to two blocks a stage. */
const common = { in_channels: '3', size: '<64,64>', depths: '<1,1,2,1>', d_state: '4' };
const vmamba = (set: Record<string, string> = {}) =>
  openModel('vmamba', { set: { ...common, classes: '10', dims: '<8,16,32,64>', ...set } });
const swin = (set: Record<string, string> = {}) =>
  openModel('swin-umamba', { set: { ...common, dims: '<8,8,16,32,64>', ...set } });
const dagger = (set: Record<string, string> = {}) =>
  openModel('swin-umamba-d', { set: { ...common, dims: '<8,16,32,64>', ...set } });

function load(model: ElaboratedModel, path: string): PretrainedReport {
  const report = readPretrained(model, pretrainedSource(model, path, undefined)!);
  requireAllowed(report);
  return report;
}

function errorOf(run: () => unknown): InputError {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('no error');
}

const count = (report: PretrainedReport, status: string) =>
  report.rows.filter((r) => r.status === status).length;
const names = (report: PretrainedReport, status: string) =>
  report.rows.flatMap((r) => (r.status === status ? [r.parameter || r.from] : []));

/** Writes tensors with some changed; `undefined` leaves one out. */
function file(name: string, changes: Record<string, Tensor | undefined>, base = truth): string {
  const path = join(folder, name);
  const all = { ...Object.fromEntries(base), ...changes };
  writeSafetensors(
    path,
    Object.entries(all).flatMap(([n, t]) => (t ? [[n, t] as const] : [])),
  );
  return path;
}

describe('pretrained weights of VMamba', () => {
  it.each(['vmamba-zip.pth', 'vmamba-legacy.pth', 'vmamba.safetensors'])('%s fills vmamba', (name) => {
    const report = load(vmamba(), fixture(name));
    expect(report.weights.size).toBe(truth.size);
    for (const [n, tensor] of truth) expect(report.weights.get(n), n).toEqual(toFloat32(tensor));
  });

  it('half precision is read to within its rounding', () => {
    const { weights } = load(vmamba(), fixture('half.pth'));
    expect(weights.size).toBe(truth.size);
    const full = toFloat32(truth.get('head.weight')!);
    weights.get('head.weight')!.forEach((v, i) => {
      expect(Math.abs(v - full[i])).toBeLessThanOrEqual(Math.abs(full[i]) * 2 ** -11 + 2 ** -25);
    });
  });

  it('a head of other classes is new', () => {
    const report = load(vmamba({ classes: '3' }), fixture('vmamba-zip.pth'));
    expect(names(report, 'shape')).toEqual(['head.weight', 'head.bias']);
    expect(report.weights.size).toBe(truth.size - 2);
  });

  it('fills the encoder of swin-umamba; stem, patch embedding and decoder are new', () => {
    const model = swin();
    const report = load(model, fixture('vmamba-zip.pth'));
    const encoder = model.parameters.filter((p) => p.name.startsWith('vssm_encoder.'));
    expect(count(report, 'loaded')).toBe(encoder.length - 4);
    expect([...report.weights.keys()].every((n) => n.startsWith('vssm_encoder.'))).toBe(true);
    expect(names(report, 'skipped').sort()).toEqual(
      [...truth.keys()].filter((n) => /^(norm|head|patch_embed)\./.test(n)).sort(),
    );
    const fresh = names(report, 'new');
    for (const n of [
      'stem.0.weight',
      'vssm_encoder.patch_embed.proj.weight',
      'out_layers.0.conv.conv.bias',
    ]) {
      expect(fresh).toContain(n);
    }
    const moved = 'norm.bias';
    expect(report.weights.get(`vssm_encoder.downsamples.2.${moved}`)).toEqual(
      toFloat32(truth.get(`layers.2.downsample.${moved}`)!),
    );
    const kept = 'layers.2.blocks.1.self_attention.A_logs';
    expect(report.weights.get(`vssm_encoder.${kept}`)).toEqual(toFloat32(truth.get(kept)!));
    // Every parameter and every tensor stands in one row.
    expect(report.rows.filter((r) => r.parameter !== '').length).toBe(model.parameters.length);
    expect(report.rows.filter((r) => r.from !== '').length).toBe(truth.size);
  });

  it('fills the encoder of swin-umamba-d, with the patch embedding where the channels agree', () => {
    const encoder = dagger().parameters.filter((p) => p.name.startsWith('vssm_encoder.'));
    const three = load(dagger(), fixture('vmamba-zip.pth'));
    expect([...three.weights.keys()].sort()).toEqual(encoder.map((p) => p.name).sort());
    expect(count(three, 'shape')).toBe(0);
    const one = load(dagger({ in_channels: '1' }), fixture('vmamba-zip.pth'));
    expect(names(one, 'shape').sort()).toEqual(
      ['norm.bias', 'norm.weight', 'proj.bias', 'proj.weight'].map((n) => `vssm_encoder.patch_embed.${n}`),
    );
    expect(one.weights.size).toBe(three.weights.size - 4);
  });

  it('reads a checkpoint of archc', () => {
    const model = vmamba();
    const path = join(folder, 'checkpoint.safetensors');
    const weights = new Map(model.parameters.map((p) => [p.name, initialise(p, 5)]));
    writeCheckpoint(
      path,
      model,
      {
        ...{ step: 1, steps: 2, loader: { seed: 5, samples: 4, batch: 1, step: 1 }, weights },
        identity: runIdentity({
          ...{ model, section: trainSection(model), seed: 5, steps: 2, pretrained: null },
          data: { cases: 4, sha256: '', held_back: [] },
        }),
        choices: { pretrained: false },
        history: { steps: [{ loss: 1, rate: 1e-3, gradNorm: 1 }], validations: [] },
        optimizer: new Map([['exp_avg.0', Float32Array.of(0)]]),
      },
      {},
    );
    const report = load(dagger(), path);
    expect(report.weights.get('vssm_encoder.downsamples.0.reduction.weight')).toEqual(
      weights.get('layers.0.downsample.reduction.weight'),
    );
  });

  it('names what does not fit, with what is near', () => {
    const bias = truth.get('layers.1.blocks.0.ln_1.bias')!;
    const wrong = file('typo.safetensors', {
      'layers.1.blocks.0.ln_1.bias': undefined,
      'layers.1.blocks.0.ln1.bias': bias,
      'layers.0.blocks.0.ln_1.bias': float32Tensor([9], new Float32Array(9)),
    });
    const error = errorOf(() => load(dagger(), wrong));
    expect(error.code).toBe('pretrained-mismatch');
    expect(error.message).toContain(
      'unexpected: layers.1.blocks.0.ln1.bias (would be vssm_encoder.layers.1.blocks.0.ln1.bias; the model has vssm_encoder.layers.1.blocks.0.ln_1.bias)',
    );
    expect(error.message).toContain(
      'missing: vssm_encoder.layers.1.blocks.0.ln_1.bias (the file has layers.1.blocks.0.ln1.bias)',
    );
    expect(error.message).toContain(
      'does not agree: layers.0.blocks.0.ln_1.bias (the file [9], the model [8])',
    );
  });

  it('refuses other widths, integers, a tensor twice and a file that fills nothing', () => {
    const other = errorOf(() => load(dagger({ dims: '<16,32,64,128>' }), fixture('vmamba-zip.pth')));
    expect(other.message).toMatch(/… and \d+ more of \d+ in all$/);
    const integers = file('int.safetensors', {
      'norm.weight': { dtype: 'I32', shape: [64], data: new Int32Array(64) },
    });
    expect(errorOf(() => load(vmamba(), integers)).message).toContain('holds I32');
    const twice = file('twice.safetensors', {
      'downsamples.0.norm.bias': truth.get('layers.0.downsample.norm.bias'),
    });
    expect(errorOf(() => load(dagger(), twice)).message).toContain('another tensor of the file goes there');
    const only = join(folder, 'only.safetensors');
    writeSafetensors(only, [['norm.weight', truth.get('norm.weight')!]]);
    expect(errorOf(() => load(dagger(), only)).code).toBe('pretrained-mismatch');
  });
});

describe.each([
  [
    'nnunet',
    { features: '<4,8>', size: '<8,8>' },
    ['encoder.stages.0.0.convs.0.conv.bias', 'encoder.stages.0.0.convs.0.conv.weight'],
    'decoder.encoder.stages.1.0.convs.0.all_modules.0.weight',
  ],
  [
    'umamba-bot',
    { features: '<4,8,16,16>', size: '<32,32>' },
    ['encoder.stem.0.conv1.weight', 'encoder.stem.0.conv3.weight'],
    'decoder.encoder.stem.1.conv1.all_modules.0.weight',
  ],
  [
    'umamba-enc',
    { features: '<4,8,16,20>', size: '<32,32>' },
    ['encoder.stem.0.conv1.weight', 'encoder.stem.0.conv3.weight'],
    'decoder.encoder.stem.1.conv1.all_modules.0.weight',
  ],
])("nnU-Net's own checkpoints of %s", (spec, small, first, second) => {
  const set = { ...small, classes: '2' };
  const model = openModel(spec, { set });
  const weights = new Map(
    model.parameters.map((p) => [p.name, float32Tensor([...p.shape], initialise(p, 1))]),
  );
  /** As nnU-Net names them: the encoder again under the decoder, convolution and norm again as all_modules. */
  const several = new Map<string, Tensor>();
  for (const [name, tensor] of weights) {
    const owners = name.startsWith('encoder.') ? ['', 'decoder.'] : [''];
    for (const owner of owners) {
      several.set(owner + name, tensor);
      const inner = name
        .replace(/\.conv\.(\w+)$/, '.all_modules.0.$1')
        .replace(/\.norm\.(\w+)$/, '.all_modules.1.$1');
      several.set(owner + inner, tensor);
    }
  }

  it('load once; second names must agree', () => {
    const report = load(model, file(`${spec}.safetensors`, {}, several));
    expect(count(report, 'loaded')).toBe(weights.size);
    expect(count(report, 'alias')).toBe(several.size - weights.size);
    expect(several.has(second)).toBe(true);
    const name = second;
    const data = Float32Array.from(toFloat32(several.get(name)!), (v) => v + 1);
    const changed = file(
      `${spec}-2.safetensors`,
      { [name]: float32Tensor(several.get(name)!.shape, data) },
      several,
    );
    expect(errorOf(() => load(model, changed)).message).toContain(`does not agree: ${name}`);
  });

  it('are all of the weights for a command that runs the network', () => {
    const read = readWeights(model, file(`${spec}-4.safetensors`, {}, several));
    expect([...read.keys()]).toEqual([...weights.keys()]);
    for (const [name, tensor] of weights) expect(read.get(name), name).toEqual(tensor.data);
    const wider = openModel(spec, { set: { ...set, classes: '5' } });
    const error = errorOf(() => readWeights(wider, join(folder, `${spec}-4.safetensors`)));
    expect(error.code).toBe('weights-mismatch');
    expect(error.message).toMatch(/shape: decoder\.seg_layers\.0\.weight is \[2, .*the model has \[5, /);
    expect(error.message).not.toContain('unexpected');
    const twice = several.get(second)!;
    const other = float32Tensor(
      twice.shape,
      toFloat32(twice).map((v) => -v),
    );
    const disagreeing = file(`${spec}-5.safetensors`, { [second]: other }, several);
    expect(errorOf(() => readWeights(model, disagreeing)).message).toContain(
      `unexpected: ${second}: a second name of`,
    );
  });

  it('other classes and channels make head and first convolution new', () => {
    const path = file(`${spec}-3.safetensors`, {}, several);
    const report = load(openModel(spec, { set: { ...set, classes: '5', in_channels: '3' } }), path);
    const heads = model.parameters.map((p) => p.name).filter((n) => n.startsWith('decoder.seg_layers.'));
    expect(names(report, 'shape').sort()).toEqual([...heads, ...first].sort());
  });
});

describe('which rules count', () => {
  const model = dagger();
  const own = new Map(model.parameters.map((p) => [p.name, float32Tensor([...p.shape], initialise(p, 1))]));

  it("the model's own names, where the file has them", () => {
    const report = load(model, file('own.safetensors', {}, own));
    expect(report.section).toBeUndefined();
    expect(report.weights.size).toBe(own.size);
    expect(load(model, fixture('vmamba-zip.pth')).section?.name).toBe('VMambaTiny');
  });

  it('those that come nearest, in an error', () => {
    const name = 'vssm_encoder.layers.0.blocks.0.ln_1.bias';
    const cut = file('cut.safetensors', { [name]: undefined }, own);
    const error = errorOf(() => load(model, cut));
    expect(error.message).toContain(`does not fit (by the model's own names):\n  missing: ${name}`);
  });

  it('those of the section that is named, whatever the file', () => {
    const source = pretrainedSource(model, join(folder, 'own.safetensors'), 'VMambaTiny')!;
    expect(errorOf(() => requireAllowed(readPretrained(model, source))).message).toContain(
      'by the rules of VMambaTiny',
    );
  });

  it('a file that fills a part is not enough to run the network', () => {
    const error = errorOf(() => readWeights(model, fixture('vmamba-zip.pth')));
    expect(error.message).toMatch(/missing: /);
    expect(error.message).not.toMatch(/(missing|unexpected): (vssm_encoder|layers)\./);
  });

  it('two tensors for a parameter are one too many', () => {
    const spec = join(folder, 'wrapped.arch');
    writeFileSync(
      spec,
      `import { VMamba } from "archc/vmamba.arch"
model Wrapped extends VMamba(classes: 10, dims: <8, 16, 32, 64>, depths: <1, 1, 2, 1>, d_state: 4) {}
pretrained Wrapper for Wrapped { rename { "module.*" -> "*" } }
`,
    );
    const wrapped = openModel(spec);
    const inside = [...truth].map(([name, tensor]) => [`module.${name}`, tensor] as const);
    const path = join(folder, 'wrapped.safetensors');
    writeSafetensors(path, inside);
    expect(readWeights(wrapped, path).get('head.bias')).toEqual(toFloat32(truth.get('head.bias')!));
    writeSafetensors(path, [...inside, ['head.bias', float32Tensor([10], new Float32Array(10))]]);
    expect(errorOf(() => readWeights(wrapped, path)).message).toContain(
      'unexpected: head.bias: another tensor of the file goes there too',
    );
  });
});

describe('where pretrained weights come from', () => {
  const spec = join(folder, 'mine.arch');
  writeFileSync(
    spec,
    `import { SwinUMambaD } from "archc/swin-umamba-d.arch"
model Mine extends SwinUMambaD(dims: <8, 16, 32, 64>) {}
pretrained Other for Mine { into = "vssm_encoder" }
pretrained Own for Mine {
  file = "sub/tiny.pth"
}
`,
  );

  it('the command line, else the section, relative to the spec', () => {
    const model = openModel(spec);
    expect(pretrainedSource(model, undefined, undefined)).toBeUndefined();
    expect(pretrainedSource(model, undefined, 'Own')?.path).toBe(join(folder, 'sub/tiny.pth'));
    expect(pretrainedSource(model, 'a.pth', 'Own')).toMatchObject({
      path: 'a.pth',
      section: { name: 'Own' },
    });
    expect(pretrainedSource(model, 'a.pth', undefined)?.section).toBeUndefined();
    expect(errorOf(() => pretrainedSource(model, 'a.pth', 'Owm')).hint).toBe('Own');
  });

  it('a model without sections takes its own names only', () => {
    const model = { ...dagger(), pretrained: [] };
    const error = errorOf(() => load(model, fixture('vmamba-zip.pth')));
    expect(error.message).toContain("does not fit (by the model's own names)");
  });

  it('an extended model keeps the sections of its base where it has none', () => {
    const plain = join(folder, 'plain.arch');
    writeFileSync(
      plain,
      'import { SwinUMambaD } from "archc/swin-umamba-d.arch"\nmodel Plain extends SwinUMambaD(classes: 3) {}\n',
    );
    expect(openModel(plain).pretrained.map((s) => s.name)).toEqual(['VMambaTiny']);
  });
});
