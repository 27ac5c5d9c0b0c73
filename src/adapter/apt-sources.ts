/**
 * Reads apt's source entries in both of its notations (sources.list(5)): deb822 stanzas (`*.sources`) and
 * one-line entries (`*.list`). Everything is kept in deb822 terms, so that an entry can be written back.
 */

/** One enabled source of binary packages. */
export type AptSource = {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** All other fields with their deb822 names, e.g. `Signed-By`; values may span lines (an embedded key). */
  readonly options: ReadonlyMap<string, string>;
};

/** One-line option names (sources.list(5), "THE DEB AND DEB-SRC TYPES: OPTIONS") by their deb822 field names. */
const optionFields: Readonly<Record<string, string>> = {
  arch: 'Architectures',
  lang: 'Languages',
  target: 'Targets',
  pdiffs: 'PDiffs',
  'by-hash': 'By-Hash',
  'allow-insecure': 'Allow-Insecure',
  'allow-weak': 'Allow-Weak',
  'allow-downgrade-to-insecure': 'Allow-Downgrade-To-Insecure',
  trusted: 'Trusted',
  'signed-by': 'Signed-By',
  'check-valid-until': 'Check-Valid-Until',
  'valid-until-min': 'Valid-Until-Min',
  'valid-until-max': 'Valid-Until-Max',
  'check-date': 'Check-Date',
  'date-max-future': 'Date-Max-Future',
  inrelease: 'InRelease-Path',
  snapshot: 'Snapshot',
};

const words = (text: string | undefined): string[] => (text ?? '').split(/\s+/).filter((word) => word !== '');

/** The entries of a deb822 file; disabled stanzas and those of source packages only are left out. */
export function parseDeb822Sources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  const lines = text.split(/\r?\n/).filter((line) => !line.startsWith('#'));
  for (const stanza of lines.join('\n').split(/\n[ \t]*\n/)) {
    const fields = new Map<string, string>();
    let last: string | undefined;
    for (const line of stanza.split('\n')) {
      const field = /^([^\s:]+):[ \t]*(.*)$/.exec(line);
      if (field) {
        last = field[1].toLowerCase();
        fields.set(last, field[2].trimEnd());
      } else if (last !== undefined && /^[ \t]/.test(line)) {
        fields.set(last, `${fields.get(last)}\n${line.trimEnd()}`);
      }
    }
    const take = (name: string): string | undefined => {
      const value = fields.get(name);
      fields.delete(name);
      return value;
    };
    const types = words(take('types'));
    const enabled = !/^(no|false|without|off|disable)$/i.test(take('enabled')?.trim() ?? 'yes');
    const source = {
      uris: words(take('uris')),
      suites: words(take('suites')),
      components: words(take('components')),
    };
    if (!enabled || !types.includes('deb') || source.uris.length === 0) continue;
    const options = new Map([...fields].map(([name, value]) => [fieldName(name), value]));
    sources.push({ ...source, options });
  }
  return sources;
}

/** `signed-by` → `Signed-By`: apt ignores case, people do not. */
const fieldName = (lower: string): string =>
  Object.values(optionFields).find((field) => field.toLowerCase() === lower) ??
  lower.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());

/** The entries of a one-line file: `deb [name=value,value ...] uri suite component ...`. */
export function parseOneLineSources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split(/\r?\n/)) {
    const entry = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?([^#]+)/.exec(line);
    if (!entry) continue;
    const [uri, suite, ...components] = words(entry[2]);
    if (uri === undefined || suite === undefined) continue;
    const options = new Map<string, string>();
    for (const option of words(entry[1])) {
      const pair = /^([^=+-][^=]*?)[+-]?=(.*)$/.exec(option);
      if (pair) options.set(optionFields[pair[1].toLowerCase()] ?? pair[1], pair[2].replaceAll(',', ' '));
    }
    sources.push({ uris: [uri], suites: [suite], components, options });
  }
  return sources;
}

/** Writes entries as a deb822 file. */
export function formatDeb822Sources(sources: readonly AptSource[]): string {
  return sources
    .map(({ uris, suites, components, options }) => {
      const fields = [`Types: deb`, `URIs: ${uris.join(' ')}`, `Suites: ${suites.join(' ')}`];
      if (components.length > 0) fields.push(`Components: ${components.join(' ')}`);
      for (const [name, value] of options) fields.push(`${name}: ${value}`);
      return `${fields.join('\n')}\n`;
    })
    .join('\n');
}

/** Names that Debian gives to a release besides its codename. */
const releaseAliases = ['stable', 'oldstable', 'oldoldstable'];

/**
 * The distribution's own entries among `sources`: those of the release and its updates and security suites.
 * Third-party repositories are left out, as their failures must not stop what does not need them.
 */
export function distributionSources(sources: readonly AptSource[], codename: string): AptSource[] {
  const names = [codename, ...releaseAliases];
  return sources.filter((source) =>
    source.suites.some((suite) => names.some((name) => suite === name || suite.startsWith(`${name}-`))),
  );
}

/**
 * The entries for the backports suite of release `codename`, derived from those that the machine has for the
 * release itself: same URIs, components and keys. Empty if the machine has the suite already, or no entry for
 * the release.
 */
export function backportsSources(sources: readonly AptSource[], codename: string): AptSource[] {
  const backports = `${codename}-backports`;
  if (sources.some((source) => source.suites.includes(backports))) return [];
  return sources
    .filter((source) => source.suites.some((suite) => suite === codename || releaseAliases.includes(suite)))
    .map((source) => ({ ...source, suites: [backports] }));
}
