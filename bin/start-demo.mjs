// The main job of `npm start`: train on the nuclei images, then segment images the network has not seen.
import { register } from 'tsx/esm/api';

register();
const { runAsProcess } = await import('../src/cli/process.ts');
await runAsProcess([
  ...['train', 'examples/nuclei/nuclei.arch', '--data', 'examples/nuclei/Dataset703_Nuclei'],
  ...['--name', 'nuclei', '--test', '--minutes', '4.5', ...process.argv.slice(2)],
]);
