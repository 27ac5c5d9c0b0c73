import type { Command } from 'commander';
import pc from 'picocolors';
import type { Problem } from '../../../data/verify/problem.ts';
import { verifyDataset } from '../../../data/verify/verify.ts';
import { startProgress } from '../../progress.ts';
import { ExitStatus } from '../../report.ts';
import { printJson, printLine } from '../../terminal.ts';

/** Files of a kind of problem that are shown; `--json` has all. */
const SHOWN = 5;

export function register(group: Command): void {
  group
    .command('verify')
    .description('find everything that is wrong with a data set: names, headers, voxels, labels')
    .argument('<folder>', "data set in nnU-Net's raw layout (dataset.json, imagesTr, labelsTr)")
    .option('--json', 'print one JSON document on stdout, with all problems')
    .action((folder: string, { json }: { readonly json?: boolean }) => {
      const progress = startProgress('verifying', 1, json);
      let found: ReturnType<typeof verifyDataset>;
      try {
        found = verifyDataset(folder, progress.update);
      } finally {
        progress.stop();
      }
      const { problems, images, labels } = found;
      const errors = problems.filter(({ severity }) => severity === 'error').length;
      const warnings = problems.length - errors;
      if (json) printJson({ ok: errors === 0, images, labels, errors, warnings, problems });
      else {
        for (const line of grouped(problems)) printLine(line);
        printLine(
          `${images} images and ${labels} label maps read: ${errors} error(s), ${warnings} warning(s)`,
        );
      }
      if (errors > 0) throw new ExitStatus(2);
    });
}

/** Problems by kind, errors first, each kind with its first files. */
function grouped(problems: readonly Problem[]): string[] {
  const kinds = new Map<string, Problem[]>();
  for (const problem of problems) {
    const key = `${problem.severity === 'error' ? 0 : 1} ${problem.kind}`;
    kinds.set(key, [...(kinds.get(key) ?? []), problem]);
  }
  return [...kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, those]) => {
      const [{ kind, severity }] = those;
      const title = `${severity}[${kind}]`;
      const more = those.length > SHOWN ? [`  … and ${those.length - SHOWN} more (--json has all)`] : [];
      return [
        `${severity === 'error' ? pc.red(title) : pc.yellow(title)}: ${those.length}`,
        ...those
          .slice(0, SHOWN)
          .flatMap(({ file, found, hint }) => [
            `  ${file}: ${found.replaceAll('\n', '\n    ')}`,
            `    = try: ${hint.replaceAll('\n', '\n    ')}`,
          ]),
        ...more,
        '',
      ];
    });
}
