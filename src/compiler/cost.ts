import { elementCount } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { insideModule } from './module-tree.ts';

/** What a module costs, its own parts included. */
export interface ModuleCost {
  readonly path: string;
  readonly block: string;
  readonly params: number;
  readonly macs: number;
  /** Shape of the model's first output; of the last value computed in a module, `[]` where it computes nothing. */
  readonly output: readonly number[];
}

export interface ModelCost {
  readonly params: number;
  /** Multiply-adds of one forward pass, counted as fvcore does. */
  readonly macs: number;
  /** The selective scans, counted as 9·B·D·L·N; not part of `macs`. */
  readonly scan_macs: number;
  readonly tensors: readonly (readonly [name: string, shape: readonly number[]])[];
  /** What is saved and loaded with the parameters but not trained; not counted. */
  readonly buffers: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly modules: readonly ModuleCost[];
}

/** Counts parameters and multiply-adds of an elaborated model, in total and by module. */
export function modelCost(model: ElaboratedModel, ops: OpTable): ModelCost {
  const { values, nodes } = model.graph;
  const shape = (v: number) => values[v].shape;
  const ofNode = nodes.map((node) => {
    const op = ops.get(node.op)!;
    const inputs = node.inputs.map(shape);
    return {
      macs: op.macs?.(inputs, node.outputs.map(shape), node.attrs) ?? 0,
      scan: op.scanMacs?.(inputs, node.attrs) ?? 0,
    };
  });
  const modules = model.modules.map(({ path, block }): ModuleCost => {
    let macs = 0;
    let output: readonly number[] = [];
    nodes.forEach((node, i) => {
      if (!insideModule(path, node.scope)) return;
      macs += ofNode[i].macs;
      output = shape(node.outputs[0]);
    });
    const own = model.parameters.filter((p) => insideModule(path, p.name));
    if (path === '') output = shape(model.outputs[0].value);
    return { path, block, params: own.reduce((n, p) => n + elementCount(p.shape), 0), macs, output };
  });
  return {
    params: model.parameters.reduce((n, p) => n + elementCount(p.shape), 0),
    macs: ofNode.reduce((n, c) => n + c.macs, 0),
    scan_macs: ofNode.reduce((n, c) => n + c.scan, 0),
    tensors: model.parameters.map((p) => [p.name, p.shape]),
    buffers: model.buffers.map((b) => [b.name, b.shape]),
    modules,
  };
}
