// The version of the translator of kernels as a constant: a build has no sources to take a digest of.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Plugin of esbuild: puts the digest in the place of `src/files/translator-version.ts`, which computes it itself. */
export const translatorVersion = (checkout) => ({
  name: 'translator-version',
  setup(build) {
    build.onLoad({ filter: /[\\/]files[\\/]translator-version\.ts$/ }, async ({ path }) => {
      const { code } = await build.esbuild.transform(readFileSync(path, 'utf8'), { loader: 'ts' });
      const module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
      const digest = module.translatorDigest(pathToFileURL(`${checkout}/src/`));
      return { contents: `export const translatorVersion = () => ${JSON.stringify(digest)};`, loader: 'js' };
    });
  },
});
