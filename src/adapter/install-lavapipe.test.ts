import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { majorVersion, parseOsRelease, readAptSources } from './install-lavapipe.ts';

it('reads the release of Debian and its kin', () => {
  const debian = 'NAME="Debian GNU/Linux"\nVERSION_CODENAME=bookworm\nID=debian\n';
  expect(parseOsRelease(debian)).toEqual({ id: 'debian', codename: 'bookworm' });
  // Mint has names of its own, but the packages of an Ubuntu release.
  const mint = 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n';
  expect(parseOsRelease(mint)).toEqual({ id: 'linuxmint', codename: 'noble' });
  expect(parseOsRelease('ID=fedora\nVERSION_CODENAME=""\n')).toBeUndefined();
  expect(parseOsRelease('ID=arch\nVERSION_CODENAME=x\n')).toBeUndefined();
});

it('reads the major version of a package', () => {
  expect(majorVersion('22.3.6-1+deb12u2')).toBe(22);
  expect(majorVersion('1:25.0.7-2~bpo12+1')).toBe(25);
  expect(majorVersion('none')).toBeUndefined();
});

it('reads all notations of an apt folder, and only files that apt reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'archc-apt-'));
  try {
    const parts = join(folder, 'sources.list.d');
    mkdirSync(parts);
    const stanza = (host: string) =>
      `Types: deb\nURIs: http://${host}.example\nSuites: s\nComponents: main\n`;
    writeFileSync(join(folder, 'sources.list'), 'deb http://a.example s main\n');
    writeFileSync(join(parts, 'b.list'), 'deb http://b.example s main\n');
    writeFileSync(join(parts, 'c.sources'), stanza('c'));
    writeFileSync(join(parts, 'd.sources.disabled'), stanza('d'));
    expect(readAptSources(folder).flatMap(({ uris }) => uris)).toEqual([
      'http://a.example',
      'http://b.example',
      'http://c.example',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
