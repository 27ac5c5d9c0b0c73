import type { RefTensor } from '../../ir/op.ts';
import { exp, log1p } from '../../math.ts';

const softplus = (z: number) => Math.max(z, 0) + log1p(exp(-Math.abs(z)));
const sigmoid = (z: number) => 1 / (1 + exp(-z));

const zeros = (like: RefTensor): RefTensor => ({
  shape: like.shape,
  data: new Float64Array(like.data.length),
});

/** One channel of one image: where its rows lie, and its step sizes. */
interface Row {
  readonly channel: number;
  /** First element of u, delta and y. */
  readonly at: number;
  /** First element of state `n` of B and C. */
  inputAt(n: number): number;
  readonly z: Float64Array;
  readonly dt: Float64Array;
}

function* rows(inputs: readonly RefTensor[], withSoftplus: boolean): Generator<Row> {
  const [u, delta, aLog, b, , , bias] = inputs;
  const [batch, channels, length] = u.shape;
  const groups = b.shape[1];
  const states = aLog.shape[1];
  for (let image = 0; image < batch; image++) {
    for (let channel = 0; channel < channels; channel++) {
      const at = (image * channels + channel) * length;
      const plane = image * groups + Math.floor(channel / (channels / groups));
      const z = Float64Array.from({ length }, (_, l) => delta.data[at + l] + bias.data[channel]);
      const dt = withSoftplus ? z.map(softplus) : z;
      yield { channel, at, inputAt: (n) => (plane * states + n) * length, z, dt };
    }
  }
}

/** y of the recurrence, one step after the other. */
export function scanReference(inputs: readonly RefTensor[], withSoftplus: boolean): RefTensor {
  const [u, , aLog, b, c, d] = inputs;
  const length = u.shape[2];
  const states = aLog.shape[1];
  const y = zeros(u);
  for (const { channel, at, inputAt, dt } of rows(inputs, withSoftplus)) {
    for (let l = 0; l < length; l++) y.data[at + l] = d.data[channel] * u.data[at + l];
    for (let n = 0; n < states; n++) {
      const a = -exp(aLog.data[channel * states + n]);
      const bn = inputAt(n);
      let h = 0;
      for (let l = 0; l < length; l++) {
        h = exp(dt[l] * a) * h + dt[l] * b.data[bn + l] * u.data[at + l];
        y.data[at + l] += c.data[bn + l] * h;
      }
    }
  }
  return y;
}

/** Gradients of all seven operands: the recurrence differentiated from its last step to its first. */
export function scanBackwardReference(inputs: readonly RefTensor[], withSoftplus: boolean): RefTensor[] {
  const [u, , aLog, b, c, d, , dy] = inputs;
  const length = u.shape[2];
  const states = aLog.shape[1];
  const grads = inputs.slice(0, 7).map(zeros);
  const [gu, gdelta, gaLog, gb, gc, gd, gbias] = grads.map((t) => t.data);
  const h = new Float64Array(length + 1);
  for (const { channel, at, inputAt, z, dt } of rows(inputs, withSoftplus)) {
    const gdt = new Float64Array(length);
    for (let l = 0; l < length; l++) {
      gu[at + l] += d.data[channel] * dy.data[at + l];
      gd[channel] += u.data[at + l] * dy.data[at + l];
    }
    for (let n = 0; n < states; n++) {
      const a = -exp(aLog.data[channel * states + n]);
      const bn = inputAt(n);
      for (let l = 0; l < length; l++) {
        h[l + 1] = exp(dt[l] * a) * h[l] + dt[l] * b.data[bn + l] * u.data[at + l];
      }
      // g: gradient of the state after step l, first without what comes through y.
      let g = 0;
      let ga = 0;
      for (let l = length - 1; l >= 0; l--) {
        const e = exp(dt[l] * a);
        g += c.data[bn + l] * dy.data[at + l];
        gc[bn + l] += h[l + 1] * dy.data[at + l];
        gb[bn + l] += g * dt[l] * u.data[at + l];
        gu[at + l] += g * dt[l] * b.data[bn + l];
        gdt[l] += g * (b.data[bn + l] * u.data[at + l] + a * e * h[l]);
        ga += g * dt[l] * e * h[l];
        g *= e;
      }
      gaLog[channel * states + n] += ga * a;
    }
    for (let l = 0; l < length; l++) {
      gdelta[at + l] = withSoftplus ? gdt[l] * sigmoid(z[l]) : gdt[l];
      gbias[channel] += gdelta[at + l];
    }
  }
  return grads;
}
