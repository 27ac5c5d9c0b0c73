/** Why a device did not do what a program asks for. */
export type RuntimeErrorCode =
  /** A limit of the device is too small for the program. */
  | 'adapter-limits'
  /** The device lacks a feature that the program needs. */
  | 'adapter-features'
  /** The device's compiler rejects a kernel. */
  | 'shader-error'
  /** The device has no memory left for a buffer. */
  | 'out-of-memory'
  /** A command breaks a rule of WebGPU. */
  | 'device-validation'
  /** The implementation failed at a command that is right. */
  | 'device-internal'
  /** The device is gone, and all that was on it. */
  | 'device-lost'
  /** The engine does not take the kernels as WebAssembly. */
  | 'wasm-refused'
  /** There are not the threads that were asked for. */
  | 'wasm-threads'
  /** A kernel as WebAssembly stopped. */
  | 'wasm-trap'
  /** A value is larger than what it is kept in holds: results are wrong. */
  | 'half-overflow'
  /** The program has no such tensor, or not of that size: a mistake of the caller. */
  | 'bad-tensor'
  /** The program has no such entry: a mistake of the caller. */
  | 'bad-entry'
  /** Training was asked of a program for inference. */
  | 'not-for-training'
  /** The program does not say how images were preprocessed that its weights were trained on. */
  | 'unknown-preprocessing'
  /** The program's model does not map an image to classes of its pixels. */
  | 'not-segmentation'
  /** An image is not what the program takes: a mistake of the caller. */
  | 'bad-image'
  /** What the network gives holds NaN or infinity. */
  | 'non-finite-prediction'
  /** Weights are no safetensors file, or not those of the model. */
  | 'bad-weights'
  /** There is no WebGPU, or no adapter. */
  | 'no-adapter'
  /** A file of a program is missing, or not the one that was written with it. */
  | 'program-file'
  /** A program is not compiled for that kind of device. */
  | 'program-target'
  /** A program is of another version of the format. */
  | 'program-version'
  /** `program.json` is not what it must be. */
  | 'program-format'
  /** The numbers of `program.json` do not fit together. */
  | 'program-bounds';

/** What to try, where the message itself does not tell more. */
const hints: Readonly<Record<RuntimeErrorCode, string>> = {
  'adapter-limits': 'another adapter (archc doctor)',
  'adapter-features': 'another adapter (archc doctor), or a program compiled without --precision f16',
  'shader-error': 'another adapter (ARCHC_ADAPTER), and report the kernel: archc emit wgsl shows it',
  'out-of-memory':
    'a smaller batch or image, an adapter with more memory (archc doctor), or close what else uses it',
  'device-validation': 'another adapter (ARCHC_ADAPTER), and report it: archc asked for what WebGPU forbids',
  'device-internal': "try again; if it stays, update the adapter's driver or take another (ARCHC_ADAPTER)",
  'device-lost': "try again; if it comes back, update the adapter's driver or take another (ARCHC_ADAPTER)",
  'wasm-refused':
    "a newer engine: one that has SIMD and atomic instructions (Node 20, browsers of 2023); in a page, a content security policy with 'wasm-unsafe-eval' (docs/programs.md)",
  'wasm-threads':
    'fewer threads; in a page, headers that isolate it (docs/programs.md), or the address of a script for workers',
  'wasm-trap': 'report it with the message: a kernel did what it must not do',
  'half-overflow': 'leave out --precision f16: values are then kept in f32',
  'bad-tensor': "the names and shapes of the program's `tensors` and of its entries' `outputs`",
  'bad-entry': "a name out of the program's `entries`",
  'not-for-training': 'compile a spec that has a `train` section, without --inference',
  'unknown-preprocessing':
    'compile anew with weights that `archc train` wrote, which say it; `predict` takes what is normalised already',
  'not-segmentation': '`predict`, which runs any model, on inputs that are normalised already',
  'bad-image': 'the channels, shape and spacing that RawImage of archc/runtime describes',
  'non-finite-prediction': 'check the weights: training may have diverged',
  'bad-weights': "a safetensors file of the model's parameters and buffers, as `weights()` gives it",
  'no-adapter': 'a browser or driver with WebGPU (archc doctor)',
  'program-file': 'take over the whole folder again, or compile anew (archc compile)',
  'program-target': 'compile for it (archc compile --target), or take another device',
  'program-version': 'compile anew, or take the runtime that came with the compiler',
  'program-format': 'compile anew (archc compile)',
  'program-bounds': 'compile anew (archc compile)',
};

/** The device, or the caller, fails at something that a program needs. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;
  /** What to try, as a phrase. */
  readonly hint: string;

  constructor(code: RuntimeErrorCode, message: string, hint = hints[code]) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
