/**
 * Compares archc with a folder of network fixtures, on one or all backends:
 *
 *     npm run parity -- FOLDER [--backend webgpu|cpu|reference] [--network NAME]...
 *
 * For each network it prints, for outputs, gradients and trajectory, the worst tensor and how much of its
 * tolerance it uses. Ends with 1 where any is over. The spec of a fixture is the shipped one of the same name.
 */
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { type BackendName, backendNames, checkParity } from './check.ts';
import { type Deviation, fixtureNames, readFixture } from './fixture.ts';

interface Options {
  readonly backend?: BackendName;
  readonly network: readonly string[];
}

const program = new Command('parity')
  .argument('<folder>')
  .addOption(new Option('--backend <name>').choices(backendNames))
  .option(
    '--network <name>',
    'only this one (repeatable)',
    (name: string, all: string[]) => [...all, name],
    [],
  )
  .parse();
const [folder] = program.args;
const { backend, network } = program.opts<Options>();

const table = new Table({
  head: ['network', 'backend', 'what', 'worst tensor', 'error', 'of its tolerance'],
  style: { head: [], border: [] },
});
let bad = 0;
for (const name of fixtureNames(folder)) {
  if (network.length > 0 && !network.includes(name)) continue;
  for (const side of backend ? [backend] : backendNames) {
    const fixture = readFixture(folder, name);
    // The commands print their own JSON; only the table is wanted here.
    const write = process.stdout.write;
    process.stdout.write = () => true;
    const report = await checkParity(fixture, fixture.info.net, side).finally(() => {
      process.stdout.write = write;
    });
    for (const [what, d] of Object.entries(report) as [string, Deviation | undefined][]) {
      if (!d) continue;
      if (!(d.used <= 1)) bad++;
      table.push([name, side, what, d.tensor, d.error.toExponential(2), `${(100 * d.used).toFixed(1)} %`]);
    }
  }
}
console.log(table.toString());
console.log(bad === 0 ? 'all within tolerance' : `${bad} over tolerance`);
process.exitCode = bad === 0 ? 0 : 1;
