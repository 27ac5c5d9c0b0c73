import { type KernelFamily, onlyVariant } from '../variant.ts';

export const nearestLabels: KernelFamily = onlyVariant(
  'A thread a label.',
  ({
    inputs: [x],
    outputs: [y],
    target: {
      measured: { workgroup },
    },
  }) => {
    const [samples, height, width] = y.shape;
    const count = samples * height * width;
    return [
      {
        template: 'nearest_labels',
        options: { workgroup },
        uniforms: [
          ['count', 'u32', count],
          ['in_height', 'u32', x.shape[1]],
          ['in_width', 'u32', x.shape[2]],
          ['out_height', 'u32', height],
          ['out_width', 'u32', width],
        ],
        reads: [{ name: 'x', value: x }],
        writes: [{ name: 'y', value: y }],
        workgroups: Math.ceil(count / workgroup),
      },
    ];
  },
);
