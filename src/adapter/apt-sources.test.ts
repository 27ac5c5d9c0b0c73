import { describe, expect, it } from 'vitest';
import {
  backportsSources,
  distributionSources,
  formatDeb822Sources,
  parseDeb822Sources,
  parseOneLineSources,
} from './apt-sources.ts';

const deb822 = `# comment before
Types: deb deb-src
# comment within
URIs: http://mirror.example/debian https://other.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
signed-by: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc:def
 -----END PGP PUBLIC KEY BLOCK-----
\t
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main
`;

const oneLine = `# deb http://off.example/debian bookworm main
deb [arch=amd64,arm64 signed-by=/etc/apt/keyrings/a.gpg trusted=yes] http://mirror.example/debian bookworm main contrib # x
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main
deb [ signed-by=/k.gpg ] http://third.example/apt nodistro main
deb http://flat.example/apt ./
`;

describe('apt sources', () => {
  it('reads deb822 stanzas', () => {
    const [first, second, ...rest] = parseDeb822Sources(deb822);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      uris: ['http://mirror.example/debian', 'https://other.example/debian'],
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main', 'contrib'],
    });
    expect([...first.options]).toEqual([['Signed-By', '/usr/share/keyrings/debian-archive-keyring.gpg']]);
    expect(second.suites).toEqual(['bookworm-security']);
    expect(second.options.get('Signed-By')).toMatch(/^\n -+BEGIN [^\n]*\n \.\n abc:def\n -+END/);
  });

  it('reads one-line entries', () => {
    const sources = parseOneLineSources(oneLine);
    expect(sources.map(({ uris, suites }) => [...uris, ...suites])).toEqual([
      ['http://mirror.example/debian', 'bookworm'],
      ['http://mirror.example/debian', 'bookworm-updates'],
      ['http://third.example/apt', 'nodistro'],
      ['http://flat.example/apt', './'],
    ]);
    expect(sources[0].components).toEqual(['main', 'contrib']);
    expect(Object.fromEntries(sources[0].options)).toEqual({
      Architectures: 'amd64 arm64',
      'Signed-By': '/etc/apt/keyrings/a.gpg',
      Trusted: 'yes',
    });
  });

  it('writes what it reads', () => {
    const sources = [...parseDeb822Sources(deb822), ...parseOneLineSources(oneLine)];
    expect(parseDeb822Sources(formatDeb822Sources(sources))).toEqual(sources);
  });

  it("derives backports from the release's own entries, with their servers and keys", () => {
    expect(formatDeb822Sources(backportsSources(parseDeb822Sources(deb822), 'bookworm'))).toBe(
      `Types: deb
URIs: http://mirror.example/debian https://other.example/debian
Suites: bookworm-backports
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`,
    );
    const derived = backportsSources(parseOneLineSources(oneLine), 'bookworm');
    expect(derived).toHaveLength(1);
    expect(derived[0].options.get('Signed-By')).toBe('/etc/apt/keyrings/a.gpg');
  });

  it('names the release by its codename where the entry says stable', () => {
    const sources = parseOneLineSources('deb http://mirror.example/debian stable main');
    expect(backportsSources(sources, 'trixie')[0].suites).toEqual(['trixie-backports']);
  });

  it('adds no backports where they are there, or where there is no entry for the release', () => {
    const there = parseOneLineSources(
      'deb http://a.example bookworm main\ndeb http://a.example bookworm-backports main',
    );
    expect(backportsSources(there, 'bookworm')).toEqual([]);
    expect(backportsSources(parseOneLineSources(oneLine), 'trixie')).toEqual([]);
  });

  it('keeps the third parties out', () => {
    const own = distributionSources(parseOneLineSources(oneLine), 'bookworm');
    expect(own.flatMap((source) => source.suites)).toEqual(['bookworm', 'bookworm-updates']);
  });
});
