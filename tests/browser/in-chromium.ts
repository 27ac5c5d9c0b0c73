import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import type { Job, Outcome } from './page/job.ts';

const { precompiledTemplates } = (await import(pathToFileURL('bin/templates.mjs').href)) as {
  precompiledTemplates: (checkout: string) => Plugin;
};

/** Where in a browser a job is done. */
export type Place = 'page' | 'worker';

/** A policy that lets a page load files of its own origin and nothing else: no functions made of text. */
export const policy = ({ scripts = "'self'", workers = "'self'" } = {}) => ({
  'content-security-policy': `default-src 'none'; script-src ${scripts}; worker-src ${workers}; connect-src 'self'`,
});

/** The scripts of {@link policy} of a page that computes on the processor. */
export const WITH_WASM = "'self' 'wasm-unsafe-eval'";

/** A script with all that it imports, as browsers get it: a file's, or a text's. Fails where any of that needs Node. */
export async function bundlePage(
  script: { readonly file: string } | { readonly text: string },
): Promise<string> {
  const { outputFiles } = await build({
    ...('file' in script
      ? { entryPoints: [script.file] }
      : { stdin: { contents: script.text, resolveDir: resolve('.') } }),
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    plugins: [precompiledTemplates(resolve('.'))],
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** What a page can load, by path: `/` shows it. */
export type Served = Readonly<Record<string, readonly [contentType: string, body: string | Buffer]>>;

/** A page that does nothing but run the script at a path. */
export const pageOf = (script: string): Served[string] => [
  'text/html',
  `<!doctype html><title>archc</title><script type="module" src="${script}"></script>`,
];

/** Does a job in a page of its own, which gets the script, the job and the fixture, and nothing else. */
export function doInChromium(
  browser: Browser,
  place: Place,
  script: string,
  job: Job,
  fixture: string,
): Promise<Outcome> {
  return resultIn(browser, {
    '/': pageOf(place === 'page' ? '/job.js' : '/worker.js'),
    '/job.js': ['text/javascript', script],
    '/worker.js': ['text/javascript', "new Worker('/job.js', { type: 'module' });"],
    '/job.json': ['application/json', JSON.stringify(job)],
    '/fixture.safetensors': ['application/octet-stream', readFileSync(fixture)],
  });
}

/**
 * What a page of its own, which gets these files and nothing else, sends to `/result`.
 *
 * @param headers of all files
 */
export async function resultIn<T extends object>(
  browser: Browser,
  files: Served,
  headers: Readonly<Record<string, string>> = policy(),
): Promise<T> {
  const page = await browser.newPage();
  try {
    return await resultOf<T>(page, files, headers);
  } finally {
    await page.close();
  }
}

/** Opens the page at localhost, which is secure enough for WebGPU, and waits for what it sends. */
function resultOf<T extends object>(
  page: Page,
  files: Served,
  headers: Readonly<Record<string, string>>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    page.on('pageerror', reject);
    page.on('crash', () => reject(new Error('the page crashed')));
    page.on('console', (message) => {
      if (message.type() === 'error') reject(new Error(`in the page's console: ${message.text()}`));
    });
    const routed = page.route('http://localhost/**', async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/result') {
        await route.fulfill({ status: 204 });
        const result = route.request().postDataJSON() as T | { readonly error: string };
        if ('error' in result) reject(new Error(result.error));
        else resolve(result);
        return;
      }
      const [contentType, body] = files[pathname] ?? [];
      if (body === undefined) await route.fulfill({ status: 404 });
      else await route.fulfill({ contentType, body, headers });
    });
    routed.then(() => page.goto('http://localhost/')).catch(reject);
  });
}
