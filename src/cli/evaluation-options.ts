import { InvalidArgumentError } from 'commander';
import type { ToleranceEntry } from '../evaluation/judged-regions.ts';
import { type MetricName, metricNames } from '../evaluation/metrics.ts';
import { presets } from '../evaluation/presets.ts';

/** `dsc,nsd`: metrics in the order in which they are reported. */
export function metricList(text: string): MetricName[] {
  const words = listed(text).map((word) => word.toLowerCase());
  const wrong = words.find((word) => !metricNames.some((name) => name === word));
  if (wrong !== undefined || words.length === 0) {
    throw new InvalidArgumentError(
      `'${wrong ?? text}' is no metric; choose from ${metricNames.join(', ')}, separated by commas`,
    );
  }
  return metricNames.filter((name) => words.includes(name));
}

/** `2`, `liver=5,spleen=3`, `abdomen-mri`, or several of these separated by commas. */
export function toleranceList(text: string): ToleranceEntry[] {
  const entries = listed(text).map((entry): ToleranceEntry => {
    if (Object.hasOwn(presets, entry)) return { preset: entry };
    const at = entry.lastIndexOf('=');
    const mm = Number(entry.slice(at + 1));
    const digits = entry.slice(at + 1).trim() !== '';
    if (at === 0 || !digits || !Number.isFinite(mm) || mm < 0) throw badTolerance(entry);
    return at < 0 ? { mm } : { name: entry.slice(0, at).trim(), mm };
  });
  if (entries.length === 0) throw badTolerance(text);
  return entries;
}

function badTolerance(text: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `'${text}' is no tolerance; write mm from 0 up (2), mm by label (liver=5,spleen=3), or a preset (${Object.keys(presets).join(', ')})`,
  );
}

/** Names separated by commas; none of an empty text. */
export function listed(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
