// The main job of `npm start`: train on the nuclei images, then segment images the network has not seen.
process.argv.splice(
  2,
  0,
  ...['train', 'examples/nuclei/nuclei.arch', '--data', 'examples/nuclei/Dataset703_Nuclei'],
  ...['--name', 'nuclei', '--test', '--minutes', '4.5'],
);
await import('./archc.mjs');
