import type { Attrs, ValueId } from '../ir/graph.ts';
import type { AttrSpec, GradientContext, PrimitiveOp } from '../ir/op.ts';
import { elementSplits } from '../ir/split-rule.ts';
import { broadcastDims, mapBroadcast } from './broadcast.ts';

/** What makes an element-wise op: its value on float64 and the same in WGSL. */
export interface ElementwiseSpec {
  readonly name: string;
  readonly doc: string;
  readonly example?: string;
  readonly operands: readonly string[];
  readonly attrs?: Readonly<Record<string, AttrSpec>>;
  readonly internal?: boolean;
  /** The function on numbers, in float64. */
  value(attrs: Attrs): (...xs: number[]) => number;
  /** The same as a WGSL expression of f32 variables: the operands, then the constants. */
  wgsl(args: readonly string[], attrs: Attrs): string;
  /** See `ElementwiseLowering`. */
  constants?(attrs: Attrs): readonly number[];
  /** Functions of `codegen/functions.wgsl.hbs` that the expression calls. */
  readonly helpers?: readonly string[];
  gradient?(c: GradientContext): (ValueId | undefined)[];
}

/** An op on f32 operands whose shapes broadcast to one. */
export function elementwise(spec: ElementwiseSpec): PrimitiveOp {
  return {
    kind: 'primitive',
    name: spec.name,
    doc: spec.doc,
    example: spec.example,
    operands: spec.operands.map((name) => ({ name })),
    attrs: spec.attrs ?? {},
    internal: spec.internal,
    splits: elementSplits,
    shape: (inputs) => [
      {
        dims: broadcastDims(
          spec.name,
          inputs.map((t) => t.dims),
        ),
        dtype: 'f32',
      },
    ],
    gradient: spec.gradient,
    reference: (inputs, attrs, [out]) => [mapBroadcast(inputs, out, spec.value(attrs))],
    lowering: {
      kind: 'elementwise',
      expression: spec.wgsl,
      constants: spec.constants,
      helpers: spec.helpers,
    },
  };
}

export interface ActivationSpec {
  readonly name: string;
  readonly doc: string;
  readonly attrs?: Readonly<Record<string, AttrSpec>>;
  value(attrs: Attrs): (x: number) => number;
  /** dy/dx, a function of x. */
  derivative(attrs: Attrs): (x: number) => number;
  wgsl(x: string, attrs: Attrs): string;
  wgslDerivative(x: string, attrs: Attrs): string;
  readonly helpers?: readonly string[];
}

/** A function of one variable: the op itself, and the internal op `<name>_backward(x, dy)` its gradient uses. */
export function activation(spec: ActivationSpec): PrimitiveOp[] {
  const { name, attrs, helpers } = spec;
  return [
    elementwise({
      name,
      doc: `${spec.doc} x [...] → [...].`,
      example: `forward(x: [B, 8, 16, 16]) -> [B, 8, 16, 16] { ${name}(x) }`,
      operands: ['x'],
      attrs,
      helpers,
      value: spec.value,
      wgsl: ([x], a) => spec.wgsl(x, a),
      gradient: (c) => [c.b.apply(`${name}_backward`, [c.inputs[0], c.grads[0]!], c.attrs)],
    }),
    elementwise({
      name: `${name}_backward`,
      doc: `Gradient of ${name}: dy times its derivative at x.`,
      operands: ['x', 'dy'],
      attrs,
      helpers,
      internal: true,
      value: (a) => {
        const d = spec.derivative(a);
        return (x, dy) => dy * d(x);
      },
      wgsl: ([x, dy], a) => `${dy} * (${spec.wgslDerivative(x, a)})`,
    }),
  ];
}

/** The largest number that is a 32-bit float. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/**
 * A number as a WGSL f32 literal: the 32-bit float nearest to it. Numbers that round to 0 print as 0, and those just
 * above the largest float as that: compilers refuse both as written.
 */
export function f32(x: number): string {
  const held = Math.fround(x);
  if (!Number.isFinite(held)) throw new RangeError(`${x} is no 32-bit float`);
  // String(-0) is 0.
  const sign = held < 0 || Object.is(held, -0) ? '-' : '';
  const text = String(held === 0 ? 0 : Math.min(Math.abs(x), LARGEST));
  return /[.e]/.test(text) ? `${sign}${text}f` : `${sign}${text}.0f`;
}
