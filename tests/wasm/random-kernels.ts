/** Random kernels: the same for the same seed. */
export interface RandomKernel {
  readonly wgsl: string;
  /** Workgroups along x. */
  readonly groups: number;
}

type Scalar = 'f32' | 'u32' | 'i32' | 'bool';
type Of = Scalar | `vec${2 | 3 | 4}<${Scalar}>`;

export interface RandomOptions {
  /** Whole numbers, sums and products of f32 only: what every device computes alike, but for rounding. */
  readonly tame: boolean;
  /** Indices may be beyond the end. */
  readonly wild: boolean;
}

export const WORDS = 64;

class Draw {
  private state: number;
  private names = 0;
  private depth = 0;
  private readonly options: RandomOptions;
  /** Variables that may be read, by type; those that may be written. */
  private readonly readable: { name: string; type: Of; mutable: boolean }[] = [];

  constructor(seed: number, options: RandomOptions) {
    this.state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) >>> 0;
    this.options = options;
  }

  below(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * n);
  }

  pick<T>(...items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  private scalarOf(type: Of): Scalar {
    return (/<(.+)>/.exec(type)?.[1] ?? type) as Scalar;
  }

  private literal(type: Scalar): string {
    switch (type) {
      case 'bool':
        return this.pick('true', 'false');
      case 'u32':
        return `${this.pick(0, 1, 2, 3, 5, 31, 255, 65537, 4294967295, 2147483648)}u`;
      case 'i32':
        return `${this.pick('0i', '1i', '2i', '7i', '(-1i)', '(-3i)', '2147483647i')}`;
      case 'f32':
        if (this.options.tame) return `${this.pick('0.5', '1.25', '0.75', '1.0')}f`;
        return `${this.pick('0.0', '1.0', '0.5', '3.25', '1e30', '1e-40', '16777216.0', '2.5', '0.1')}f`;
    }
  }

  /** An expression of a type. */
  expression(type: Of, depth = 3): string {
    const known = this.readable.filter((v) => v.type === type);
    if (known.length > 0 && this.below(3) === 0) return known[this.below(known.length)].name;
    const of = this.scalarOf(type);
    const vector = type !== of;
    if (depth <= 0) {
      if (vector) {
        const all = `${type}(${this.leaf(of)})`;
        return this.options.tame ? all : this.pick(all, `${type}()`);
      }
      return this.leaf(of);
    }
    const e = (t: Of = type) => this.expression(t, depth - 1);
    const like = (s: Scalar) => (vector ? (type.replace(of, s) as Of) : s);
    const choices: (() => string)[] = [];
    if (vector) {
      const size = Number(type[3]);
      choices.push(() => `${type}(${Array.from({ length: size }, () => e(of)).join(', ')})`);
      choices.push(() => `${type}(${e(of)})`);
      const wide = `vec4<${of}>` as Of;
      const lanes = Array.from({ length: size }, () => this.pick('x', 'y', 'z', 'w')).join('');
      choices.push(() => `(${e(wide)}).${lanes}`);
      if (size === 4) choices.push(() => `${type}((${e()}).yzw, ${e(of)})`);
    } else {
      choices.push(() => `(${e(`vec4<${of}>`)})[${this.index(4)}]`);
      choices.push(() => `(${e(`vec3<${of}>`)}).${this.pick('x', 'y', 'z')}`);
    }
    choices.push(() => `select(${e()}, ${e()}, ${this.below(2) ? e(like('bool')) : e('bool')})`);
    switch (of) {
      case 'bool':
        choices.push(() => `(!${e()})`);
        choices.push(
          () => `(${e()} ${this.pick('&', '|', ...(vector ? [] : ['&&', '||', '==', '!=']))} ${e()})`,
        );
        choices.push(() => {
          const t = like(this.pick<Scalar>('u32', 'i32', ...(this.options.tame ? [] : (['f32'] as const))));
          return `(${e(t)} ${this.pick('<', '<=', '>', '>=', '==', '!=')} ${e(t)})`;
        });
        if (!vector) choices.push(() => `${this.pick('any', 'all')}(${e('vec4<bool>')})`);
        break;
      case 'f32':
        choices.push(() => `(${e()} ${this.pick('+', '-', '*')} ${e()})`);
        choices.push(() => `${this.pick('min', 'max')}(${e()}, ${e()})`);
        choices.push(() => `abs(${e()})`);
        if (!this.options.tame) {
          choices.push(() => `(${e()} ${this.pick('/', '%')} ${e()})`);
          choices.push(() => `${this.pick('floor', 'ceil', 'trunc', 'round', 'sign', 'sqrt')}(${e()})`);
          choices.push(() => `fma(${e()}, ${e()}, ${e()})`);
          choices.push(() => `clamp(${e()}, ${e()}, ${e()})`);
          choices.push(() => `(-(${e()}))`);
          choices.push(() => `${type}(${e(like(this.pick('u32', 'i32')))})`);
          if (!vector) choices.push(() => `dot(${e('vec4<f32>')}, ${e('vec4<f32>')})`);
        }
        break;
      default:
        choices.push(() => `(${e()} ${this.pick('+', '-', '*', '/', '%', '&', '|', '^')} ${e()})`);
        choices.push(() => `(${e()} ${this.pick('<<', '>>')} (${e(like('u32'))} % ${like('u32')}(32u)))`);
        choices.push(() => `${this.pick('min', 'max')}(${e()}, ${e()})`);
        choices.push(() => `abs(${e()})`);
        choices.push(() => `(~${e()})`);
        if (of === 'i32') choices.push(() => `(-(${e()}))`);
        choices.push(() => `${type}(${e(like(of === 'u32' ? 'i32' : 'u32'))})`);
        choices.push(() => `bitcast<${type}>(${e(like(of === 'u32' ? 'i32' : 'u32'))})`);
        choices.push(() => `${type}(${e(like('bool'))})`);
        if (!this.options.tame) choices.push(() => `${type}(${e(like('f32'))})`);
        break;
    }
    if (type === 'f32') choices.push(() => `early(${e('u32')}, ${e('f32')})`);
    if (type === 'u32') choices.push(() => `shifted(Pair(${e('u32')}, ${e('vec2<f32>')})).count`);
    return choices[this.below(choices.length)]();
  }

  private leaf(of: Scalar): string {
    // Compilers refuse constants that overflow, or divide by zero.
    if (this.options.tame) {
      if (of === 'bool') return `(input_u32[${this.index(WORDS)}] > 7u)`;
      return of === 'f32' && this.below(2) ? this.literal(of) : `input_${of}[${this.index(WORDS)}]`;
    }
    if (of === 'bool' || this.below(2)) return this.literal(of);
    return `input_${of}[${this.index(WORDS)}]`;
  }

  private index(length: number): string {
    if (this.options.wild) return this.pick(this.expression('u32', 0), 'lane', `${this.below(2 * length)}u`);
    const plain = this.pick(`${this.below(length)}u`, `lane % ${length}u`);
    // What is a leaf itself would never end.
    return this.options.tame || this.below(3) ? plain : `(${this.expression('u32', 1)}) % ${length}u`;
  }

  block(indent: string, count: number, inLoop: boolean): string {
    const known = this.readable.length;
    const lines: string[] = [];
    for (let k = 0; k < count; k++) lines.push(...this.statement(indent, inLoop));
    this.readable.length = known;
    return lines.join('\n');
  }

  private statement(indent: string, inLoop: boolean): string[] {
    const nested = this.depth < 3;
    const kind = this.below(nested ? 10 : 5);
    this.depth++;
    const made = this.statementOf(kind, indent, inLoop);
    this.depth--;
    return made;
  }

  private statementOf(kind: number, indent: string, inLoop: boolean): string[] {
    const inner = `${indent}  `;
    const body = (n = 2, loop = inLoop) => this.block(inner, n, loop);
    if (kind < 3) {
      const mutable = this.below(2) === 0;
      const type = this.pick<Of>(
        'f32',
        'u32',
        'i32',
        'bool',
        'vec4<f32>',
        'vec3<u32>',
        'vec4<i32>',
        'vec2<f32>',
        'vec4<bool>',
      );
      const name = `v${this.names++}`;
      const line = `${indent}${mutable ? 'var' : 'let'} ${name}: ${type} = ${this.expression(type)};`;
      this.readable.push({ name, type, mutable });
      return [line];
    }
    const targets = this.readable.filter((v) => v.mutable && v.type !== 'bool');
    if (kind < 5 && targets.length > 0) {
      const { name, type } = targets[this.below(targets.length)];
      const of = this.scalarOf(type);
      const op = this.pick('=', ...(of === 'bool' ? [] : ['+=', '-=', '*=']));
      if (type.startsWith('vec4') && this.below(2)) {
        return [`${indent}${name}[${this.index(4)}] = ${this.expression(of)};`];
      }
      return [`${indent}${name} ${op} ${this.expression(type)};`];
    }
    if (kind < 5) return this.store(indent);
    if (kind === 5) {
      return [
        `${indent}if (${this.expression('bool')}) {`,
        body(),
        `${indent}} else {`,
        body(),
        `${indent}}`,
      ];
    }
    if (kind === 6 || kind === 7) {
      const i = `n${this.names++}`;
      const head = `for (var ${i} = 0u; ${i} < ${this.pick('3u', '5u', 'lane % 4u')}; ${i}++) {`;
      this.readable.push({ name: i, type: 'u32', mutable: false });
      const inside = body(2, true);
      this.readable.pop();
      return [`${indent}${head}`, inside, `${indent}}`];
    }
    if (kind === 8) {
      const ways = [0, 1].map((k) => `${inner}case ${k}u${k ? ', 7u' : ''}: {\n${body(1)}\n${inner}}`);
      return [
        `${indent}switch (${this.expression('u32')} % 3u) {`,
        ...ways,
        `${inner}default: {\n${body(1)}\n${inner}}`,
        `${indent}}`,
      ];
    }
    if (inLoop) {
      return [
        `${indent}if (${this.expression('bool')}) {`,
        `${inner}${this.pick('break', 'continue')};`,
        `${indent}}`,
      ];
    }
    return this.store(indent);
  }

  /** Each invocation has words of its own. */
  private store(indent: string): string[] {
    const type = this.pick<Scalar>('f32', 'u32', 'i32');
    const at = `lane * 4u + ${this.below(4)}u`;
    if (this.below(4) === 0) return [`${indent}output_${type}[${at}] += ${this.expression(type)};`];
    return [`${indent}output_${type}[${at}] = ${this.expression(type)};`];
  }

  kernel(): RandomKernel {
    const inputs = ['f32', 'u32', 'i32'].map(
      (t, k) => `@group(0) @binding(${k}) var<storage, read> input_${t}: array<${t}>;`,
    );
    const outputs = ['f32', 'u32', 'i32'].map(
      (t, k) => `@group(0) @binding(${k + 3}) var<storage, read_write> output_${t}: array<${t}>;`,
    );
    const body = this.block('  ', 8, false);
    const last = [0, 1, 2, 3].flatMap(() => this.store('  ')).join('\n');
    const wgsl = `${[...inputs, ...outputs].join('\n')}

struct Pair {
  count: u32,
  at: vec2<f32>,
}

fn early(n: u32, x: f32) -> f32 {
  var sum = x;
  for (var i = 0u; i < 4u; i++) {
    if (i == n) {
      return sum;
    }
    sum = sum * 0.5f + 1.0f;
  }
  return sum - x;
}

fn shifted(p: Pair) -> Pair {
  var q = p;
  q.count += 3u;
  q.at.y = p.at.x;
  return q;
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
${body}
${last}
}
`;
    return { wgsl, groups: 2 };
  }
}

export function randomKernel(seed: number, options: RandomOptions): RandomKernel {
  const draw = new Draw(seed, options);
  return draw.kernel();
}

/** Contents of the six buffers: inputs of f32, u32, i32, then zeros for what is stored. */
export function randomBuffers(seed: number, tame: boolean): ArrayBuffer[] {
  const draw = new Draw(seed ^ 0x55aa, { tame, wild: false });
  const special = [
    0,
    -0,
    1,
    -1.5,
    2 ** -140,
    3e38,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ];
  const f32 = Float32Array.from({ length: WORDS }, () =>
    tame || draw.below(3) ? draw.below(4096) / 1024 - 2 : special[draw.below(special.length)],
  );
  const whole = () => (draw.below(2) ? draw.below(16) : draw.below(2 ** 32));
  const u32 = Uint32Array.from({ length: WORDS }, whole);
  const i32 = Int32Array.from({ length: WORDS }, () => whole() - (draw.below(2) ? 8 : 0));
  return [f32.buffer, u32.buffer, i32.buffer, ...[0, 1, 2].map(() => new ArrayBuffer(4 * WORDS))];
}
