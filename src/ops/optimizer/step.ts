import { type Dims, formatDims } from '../../ir/dim.ts';
import { type RefTensor, ShapeError, type TensorType } from '../../ir/op.ts';
import { HYPER_LENGTH } from '../../recipe/optimizers.ts';

/** Added to the norm before the clip threshold is divided by it, as torch.nn.utils.clip_grad_norm_ does. */
const CLIP_EPS = 1e-6;

/** All of `arrays` must be [n] like the parameters, norm2 and loss scalars. Throws {@link ShapeError}. */
export function checkStep(
  name: string,
  arrays: readonly TensorType[],
  [hyper, norm2, loss]: readonly TensorType[],
): void {
  const [params] = arrays;
  const wrong = (what: string, dims: Dims) =>
    new ShapeError(
      `\`${name}\` on parameters ${formatDims(params.dims)}: ${what} is ${formatDims(dims)}`,
      [0],
    );
  if (params.dims.length !== 1) throw wrong('the arena, which must have one axis,', params.dims);
  for (const { dims } of arrays) {
    if (dims.length !== 1 || !dims[0].equals(params.dims[0])) throw wrong('an array of another size', dims);
  }
  if (hyper.dims.length !== 1 || !hyper.dims[0].equals(HYPER_LENGTH)) {
    throw wrong(`hyper, which must be [${HYPER_LENGTH}],`, hyper.dims);
  }
  for (const { dims } of [norm2, loss])
    if (dims.length > 0) throw wrong('norm2 or loss, which must be [],', dims);
}

/** The factor that clips gradients to a norm, or `undefined` where loss or norm forbid the step. */
export function clipFactor(norm2: RefTensor, loss: RefTensor, clip: number): number | undefined {
  if (!Number.isFinite(norm2.data[0]) || !Number.isFinite(loss.data[0])) return undefined;
  return clip > 0 ? Math.min(1, clip / (Math.sqrt(norm2.data[0]) + CLIP_EPS)) : 1;
}
