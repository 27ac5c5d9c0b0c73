import { InputError } from '../../errors.ts';

/** What is read of all that TIFF allows. */
const READ =
  'save it as grey or RGB of 8 or 16 bits unsigned, or of 32 bits floating point; uncompressed, LZW or deflate';

/** The error of a TIFF file that is damaged, or holds what is not read. */
export const badTiff = (path: string, problem: string, hint = READ): InputError =>
  new InputError('bad-tiff', `${path}: ${problem}`, hint);

export const DAMAGED = 'get the file again from where it comes from, or save it again as TIFF';
