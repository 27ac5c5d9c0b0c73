/**
 * What `archc explain CODE` says about the errors that are no diagnostics of a spec: one entry for each code of an
 * `InputError` or `JobError`, in the order of the alphabet. A test walks the sources: a code without an entry here,
 * and an entry without such a code, fails it.
 */
export const errorCodes: Readonly<Record<string, string>> = {
  'adapter-features':
    'Values in half precision (`--precision f16`) need the WebGPU feature shader-f16 of the target or the adapter; `archc doctor` shows which adapters there are. Without the option every adapter does.',
  'adapter-limits':
    'The network needs more of the graphics adapter than it offers: a buffer, a binding or a workgroup is too large, or on the CPU all of them together: 32 bits address 4 GiB; where the engine has addresses of 64 bits (Node 24, Chrome 133, Firefox 134 or newer) there are 16 GiB. `compile` plans for the limits that every WebGPU implementation has; other commands use those of the adapter. A smaller batch or image needs less, and so does a forward pass alone (`compile --inference`); `archc doctor` shows the adapters.',
  'bad-adapter':
    'The adapter asked for, by a flag or by the environment, is none of the choices, or not one of the backend that is asked for. docs/adapters.md describes them.',
  'bad-cache':
    'A file of a preprocessed data set is damaged, or not the one that its index tells of. `archc data preprocess` makes again what is missing or wrong.',
  'bad-checkpoint':
    'The file is a safetensors file, but not the checkpoint of a run, or one that is damaged. Runs go on from checkpoint.safetensors in their folder.',
  'bad-checkpoint-file':
    'The file is no checkpoint that torch.save writes (a ZIP archive that holds a pickle and the tensors), or uses something that archc does not read, such as quantised or sparse tensors.',
  'bad-dataset':
    "A data set is a folder in nnU-Net's raw layout (dataset.json, imagesTr, labelsTr, imagesTs, labelsTs), or for classifiers one folder a class. The message names what is missing or contradicts itself.",
  'bad-entry':
    'A caller asked a compiled program to run an entry that it does not have; `program.json` lists them.',
  'bad-holdout':
    "`holdout` of the train section names a case that the data set does not have, or leaves nothing to train on. It is a share of the training cases, or a list of their ids; of a classifier's images each class keeps one at least.",
  'bad-image':
    'A caller gave a compiled program an image that it cannot segment: other channels than the network takes, a shape that is not [H, W] or [D, H, W] or not that of the data, a voxel that is no finite number, or no size of voxels though the plan of its weights resamples to one.',
  'bad-inputs':
    '`inputs` of a train section has a list for each input of the network, in the order of the spec: names of channels (channel_names of dataset.json), as many as the input takes.',
  'bad-label-map':
    'A label map is a grey or palette image, or a volume, whose values are class ids: whole numbers from 0. Values in between usually come from resampling with interpolation; colours from saving the wrong file.',
  'bad-metadata':
    "The weights carry a note of what they were trained on, which archc writes itself, and it is damaged or another program's.",
  'bad-nifti':
    'The file is no NIfTI-1 volume, is damaged, or holds something else than one scalar a voxel (complex numbers, colours, a time series).',
  'bad-pickle':
    'The part of a PyTorch checkpoint that names the tensors cannot be read; the file is damaged, or was cut off in a download.',
  'bad-plan':
    'The file is no plan as `archc data plan` writes it, or was changed so that a figure is missing or makes no sense.',
  'bad-png': 'The file is no PNG image, or its contents do not agree with their checksums and sizes.',
  'bad-safetensors':
    'The file is no safetensors file, or is damaged: its header is JSON that says where each tensor lies, and both must agree with the length of the file.',
  'bad-spacing':
    'The file `<case>.json` beside a TIFF image says how large its voxels are, `{"spacing": [z, y, x]}`, as in nnU-Net. Where it is there it must hold three positive numbers.',
  'bad-target':
    'The `target` of an output in a train section lists its classes by names of classes of the data set (or of its regions, each of which stands for all classes in it). A class may be in one list only, unless the losses compare regions. Class 0 of a map of classes is the background and all else that no list names, so that it is not listed.',
  'bad-tensor':
    'A caller gave a compiled program a tensor that it does not have, or one of another size, or asked for one; `program.json` lists them.',
  'bad-tiff':
    'The file is no TIFF file, is damaged, or is one of the many kinds that are not read. Grey and RGB are, of 8 or 16 bits unsigned or floating point, uncompressed, LZW or deflate; several pages of one size are the slices of a volume. The message names what was found.',
  'bad-value': 'The value of an option is of the wrong kind. `--help` of the command says what it takes.',
  'bad-weights':
    "The bytes given to a compiled program as its weights are no safetensors file, or hold other tensors than the model's parameters and buffers, which must all be there under their names and with their shapes.",
  'batch-too-small':
    'Batch normalisation takes the mean and the variance of a channel over the batch and its positions; of one value there is no variance.',
  'batch-worker':
    'A thread that makes batches of a preprocessed data set ended without being asked to, for want of memory for instance. The run goes on from its last checkpoint with `--resume`; with `--workers 0` the main thread makes batches.',
  'cache-mismatch':
    'A folder holds cases preprocessed by one plan; those of another need a folder of their own. What counts is what changes them: spacing, order of axes, normalisation, channels and classes.',
  'cannot-read':
    'The operating system does not let the file be read. The reason it gives stands in the message.',
  'cannot-write':
    'The operating system does not let the file or folder be written. Outputs are checked before a job begins; nothing was changed.',
  'case-worker':
    'The thread that prepares the next images and writes label maps ended without being asked to, for want of memory for instance. The label maps that are there are whole; what is missing is predicted by the same command for the images that are left.',
  'checkpoint-mismatch':
    'A run goes on only as what it was: with the same model, parameters, settings, data and first weights, whose differences are listed. Only the number of steps may change, to no fewer than are done. Begin a new run for other ones.',
  'classes-mismatch':
    'The network has another number of classes than the labels that train it. Each output [B, classes, …] that is supervised needs one channel a class of the data set, the background among them; or one a region, and none for the background.',
  'config-mismatch':
    'Weights that archc wrote carry the parameters of their model, which is built with them again. Where the spec or `--set` says otherwise, the differences are listed, those of the weights first. Another network needs other weights; `train --pretrained` takes over what fits.',
  'conflicting-option': 'Two options that exclude each other were given.',
  'device-internal':
    'The graphics driver failed at a command that is right. This is a fault of the driver; another adapter, or a newer driver, may do.',
  'device-lost':
    'The graphics driver gave up the device: it was reset, ran out of memory, or stopped a kernel that took too long. The last checkpoint stays; `--resume` goes on.',
  'device-validation':
    'archc asked the graphics driver for what WebGPU forbids. This is a fault of archc; please report it with the message.',
  'disk-full':
    'The disk is full, or the quota, or the limit of a file’s size. Files are written whole or not at all: what was there before is untouched. A run keeps its last checkpoint and goes on from it with `--resume`; `archc data preprocess` run again keeps the cases that are there.',
  'empty-dataset':
    'Training needs images with labels, imagesTr and labelsTr, and there is none; or of those to train or to validate on every pixel has the value that is ignored.',
  'ensemble-mismatch':
    'Networks that predict together average the probabilities of their classes, so that all need the same channels and the same classes in the same order.',
  'excess-arguments': 'The command takes fewer arguments. One with blanks in it stands in quotes.',
  'file-not-found':
    'There is no file or folder of that name. Paths are relative to the folder that the command runs in.',
  'file-too-large':
    'A file of its kind has fewer bytes: specs are a page or two, and larger files than the limit in the message are taken for wrong ones.',
  'freeze-steps':
    'The train section freezes parameters for some steps and trains them afterwards, which `archc train` does. Compiled programs and `archc fit` make all steps alike: with these parameters frozen, or without.',
  'half-overflow':
    'A value that memory keeps in half precision (`--precision f16`) was beyond 65504, or was no number, so that the results are wrong. Networks whose values grow so large need f32: leave the option out.',
  'image-channels':
    'The image has another number of channels than the network takes, or than the other images of the data set. A grey image has one, a colour image three; an alpha channel counts.',
  'image-geometry':
    'Images and label of a case, and a prediction and its truth, have voxels of the same size at the same place in space (the affine matrix of a NIfTI header); otherwise a network would learn, and a metric compare, different places.',
  'image-size':
    'Images and labels of one case, and predictions and their truth, have the same size in pixels.',
  'image-values':
    'A voxel of an image is NaN or infinite, so that the image has no mean and no deviation. Export it again.',
  'init-not-finite': 'A parameter or buffer would begin with values that no 32-bit float holds.',
  'input-batch': 'The inputs of one pass belong to the same samples, so that their first axes agree.',
  'input-not-finite': 'The file holds NaN or infinity where the network takes numbers.',
  'input-shape':
    'The tensor in the file has not the shape of the input that the spec declares; B, the batch, is the first axis.',
  'install-failed':
    'The software driver (lavapipe) could not be installed by apt. docs/adapters.md says what else there is.',
  internal:
    'Something went wrong that archc did not foresee: a bug. ARCHC_DEBUG=1 shows where; please report it.',
  'label-range':
    'The ids in `target` must be classes of the output: whole numbers from 0 to the number of classes less one; where the loss compares regions, sets of them: bit r is region r. What is -1 is ignored.',
  'label-values':
    'The label map holds values that dataset.json does not list under `labels`. Write the ids that stand there, or correct the list.',
  'loss-not-finite':
    'The loss or the gradient became infinite or NaN; the update was not made. Usual causes are a learning rate that is too large, no clipping of gradients, or an image with huge values.',
  'many-inputs':
    'A data set feeds a network of several inputs by `inputs` of its train section, which says what channels each takes, or by names where each input takes one channel. The weights of such a run say it to `predict`. `run`, `grad` and `fit` take each input under its own name.',
  'memory-budget':
    'The program takes more device memory than `--memory` allows, also where all that can be computed again is. The message says what is always there (weights, the state of the optimizer, gradients) and the least that was reached. A smaller batch or image takes less; so does `--inference` where only predictions are wanted.',
  'missing-argument': 'The command needs one more argument. `--help` of the command shows its form.',
  'missing-input': 'The file of input tensors lacks one that the network takes.',
  'missing-option': 'The command needs an option that was not given. `--help` of the command shows its form.',
  'missing-prediction': 'A label map of the truth has no prediction of the same file name.',
  'missing-target':
    '`grad` and `fit` compare with class ids: the int32 tensor `target` beside the input, and `target.NAME` for outputs with targets of their own, NAME being the first of these.',
  'missing-value': 'The option takes a value, as in `--output FILE`.',
  'mixed-images': 'A folder of images holds several kinds of files. `--ending` says which of them are meant.',
  'no-adapter':
    'WebGPU was asked for, and no adapter for it was found: no GPU with a driver, and no software driver. The CPU needs none (`--backend cpu`). `archc doctor` shows what was tried, docs/adapters.md how to get one.',
  'no-cache': 'The folder holds no data set that `archc data preprocess` has finished.',
  'no-checkpoint':
    '`--resume` goes on from checkpoint.safetensors in the folder of a run, and there is none.',
  'no-drawing': 'Drawings are made of the graph only: `archc emit graph SPEC --format svg`.',
  'no-images': 'The folder holds no file of a kind that is read as an image or label map.',
  'no-labels':
    'Metrics are of the labels that label maps hold beside the background (0), or that dataset.json lists; there are none.',
  'no-pretrained-section': 'The model has no `pretrained` section of that name; see docs/pretrained.md.',
  'no-swiftshader':
    'The software driver SwiftShader is not installed, or cannot be unpacked here; see docs/adapters.md.',
  'no-test-images':
    '`--test` scores images with labels that training has not seen (imagesTs and labelsTs), and there are none.',
  'no-tolerance':
    'NSD counts the share of two surfaces that lie within a tolerance of each other, so each label needs one: `--tolerance` in mm for all labels, by label, or from a preset, which knows labels by their names in dataset.json.',
  'no-train-section':
    'The recipe of a training is a `train` section of the spec; the model has none of that name.',
  'no-weights':
    'A run leaves weights.safetensors when its training ends or is stopped, and best.safetensors where it validates. Until then checkpoint.safetensors has weights, too; `--weights` takes it.',
  'non-finite-prediction':
    "The network's output holds NaN or infinity, so that no class can be chosen. Training may have diverged.",
  'not-2d':
    'Training, prediction and classification are for images: inputs [B, C, H, W], outputs [B, classes, H, W] or [B, classes].',
  'not-a-file': 'The path names a folder or a device where a file is expected.',
  'not-a-folder': 'The path names a file where a folder is expected.',
  'not-a-run':
    'A folder stands for a spec where a run left one in it, spec/sources.json beside its files; `archc train` writes them.',
  'not-for-training':
    'The program was compiled for inference only: its spec has no `train` section, or `archc compile` was told --inference.',
  'not-segmentation': 'Segmentation needs an output that has the size of the input, [B, classes, H, W].',
  'not-text': 'A spec is a text in UTF-8. Weights and images are given by other options.',
  'nothing-to-train':
    'A step of training changes the parameters on which its loss depends, and there are none: the model declares no `param`, or none that a supervised output depends on.',
  'old-checkpoint':
    'A checkpoint that an older archc wrote does not say what determined its run, so that nothing can be compared. Its weights can start a new run.',
  'out-of-memory':
    'The graphics adapter has no memory for a buffer. A smaller batch or image needs less; other programs may hold some of it.',
  'output-exists':
    'A compiled program is not written over other files. Name a new folder, an empty one, or one that holds such a program.',
  'output-not-finite':
    "The classifier's output holds NaN or infinity, so that no class can be chosen. Training may have diverged.",
  'plan-mismatch':
    'A plan is for the channels and labels of the data set that it was made of. `archc data plan` makes one for another.',
  'plan-unsupported':
    'There is no plan for what was asked: too little memory for any patch, or a network whose parameters cannot be set for the data set, such as a classifier.',
  'pretrained-empty':
    'None of the tensors of the file belongs into the model by the rules of the `pretrained` section.',
  'pretrained-mismatch':
    'Every tensor of the file must be loaded, skipped or an alias, and every parameter of the module loaded or new. The message lists what is neither; see docs/pretrained.md.',
  'program-bounds':
    'What program.json says of the memory of a compiled program does not fit together: a binding beyond its buffer, a kernel that is not there, an offset that is not aligned. Nothing was made on the device. The file is damaged or was changed; compile the program again.',
  'program-file':
    'A file of a compiled program is missing, cannot be loaded, or is not the one that was written with program.json, whose sizes and SHA-256 sums it must have. Take over the whole folder.',
  'program-format':
    'program.json of a compiled program is damaged, or another program wrote it: the message names the field. Fields that the runtime does not know are errors, too.',
  'program-target':
    'A program is compiled for kinds of devices: WebGPU, the processor (`archc compile --target cpu`), or both (`--target webgpu-default,cpu`). The one that was opened is not for the device that it was to start on.',
  'program-version':
    'The compiled program is of another version of the format than this runtime reads. Compile it with the archc that the runtime comes with.',
  'region-targets':
    'The train section compares regions (binary_cross_entropy, dice(sigmoid: true)), and the data set has classes, or the other way round. Targets of regions are sets of bits, which a loss of classes would take for class ids. A data set has regions where dataset.json has labels that are lists of values, with a regions_class_order; of any data set an output has regions by a `target` of its own in the train section.',
  'result-not-finite': 'A result holds NaN or infinity, and was not written.',
  'resume-mismatch': 'The data of a run that goes on are those that it began with, in the same order.',
  'run-exists': 'The folder holds a run already. `--resume` goes on with it; a new run takes a new folder.',
  'run-in-use':
    'Another process trains in the folder, as run.lock in it says. A lock that a process of this machine left behind is taken over by itself; one of another machine has to be removed by hand.',
  'shader-error':
    "The graphics driver's compiler rejects a kernel. This is a fault of the driver or of archc; please report it with the kernel, which `archc emit wgsl SPEC` shows.",
  'size-too-large':
    'A size, or the number of elements of a tensor, is larger than the whole numbers that kernels count with.',
  'target-shape': '`target` holds one class id for each position of the finest output.',
  'too-many-classes': 'Label maps are written with 8 bits a pixel, which hold 256 ids.',
  'too-many-regions': 'The target of a pixel is a set of bits, one a region, of which there are 30 at most.',
  'training-precision':
    '`--precision f16` is for programs that predict: gradients in half precision would vanish without loss scaling, which is not there. `compile --inference` leaves out what trains.',
  'two-names': 'The only input of a network is called `x` or by its own name in a file of tensors, not both.',
  'unknown-code':
    '`archc explain` knows the codes of errors, the ops, and the blocks of the library; `--list` shows all.',
  'unknown-command': '`archc --help` lists the commands.',
  'unknown-head':
    '`archc predict --head` names an output of the model, as the spec does (`cells`, `aux[0]`). Without the option the first output predicts.',
  'unknown-kernel':
    'An op is computed by kernels of several kinds, which src/kernels lists, and the one asked for is not among them or cannot compute any part of this network. `archc emit plan --why` shows what each part may be computed by.',
  'unknown-label': 'The labels are those of dataset.json (`--data`), else `class 1`, `class 2` and so on.',
  'unknown-option': 'The command has no such option. `--help` of the command lists them.',
  'unknown-preprocessing':
    'A caller gave a compiled program an image as its file has it, but the program does not say how those were preprocessed that its weights were trained on: they are of PyTorch, of an older archc or of an initialiser. `archc compile` takes it over from weights that `archc train` wrote.',
  'unknown-target':
    'Kernels are chosen and sized for a target: limits, features and the kind of device. `--target` takes the name of one, by default webgpu-default, which every adapter can run; the hint lists them all.',
  'unsafe-pickle':
    'A pickle can ask for any function of Python to be called. Weights never need that; archc calls none, and reads no file that asks for it.',
  'unsupported-image': 'Images are PNG files, NIfTI volumes or TIFF files; other kinds are converted first.',
  'unused-option': 'An option was given that says nothing without another one, which the message names.',
  'warnings-denied':
    'With `--deny warnings` a warning counts as a mistake. The warnings above point at what to mend.',
  'wasm-refused':
    'The CPU device runs kernels as WebAssembly with SIMD and atomic instructions, which Node 20 and the browsers of 2023 have. The engine here refuses them; a newer one does not. A page may also forbid WebAssembly: its content security policy then needs wasm-unsafe-eval.',
  'wasm-threads':
    'The CPU device runs its kernels in threads, up to 16, that share one memory. A page has such memory only if its headers isolate it from other pages (Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy), and threads only if its content security policy lets workers be made.',
  'wasm-trap':
    'A kernel on the CPU device stopped: it reached beyond the memory, or used an instruction wrongly. This is a fault of archc; please report it with the message.',
  'weights-mismatch':
    'The names or shapes of the tensors in the file are not those of the model with these parameters. The message shows the first that differ.',
  'weights-not-finite':
    'After an update a weight was NaN or infinite; training stopped, and the last checkpoint stays.',
  'write-failed':
    'Writing failed half-way: the disk reports an error, or there are too many open files. The file that was there before is untouched.',
};
