/**
 * Which part may import which. Data flows down the list in docs/architecture.md and never back up;
 * each entry names all that its folder may import besides itself and npm packages.
 */
const allowed = {
  grammar: [],
  'src/tensors': [],
  'src/ir': [],
  'src/recipe': [],
  'src/ops': ['src/ir', 'src/recipe'],
  'src/language': ['grammar', 'src/recipe', 'src/ir', 'src/ops'],
  'src/autodiff': ['src/recipe', 'src/ir', 'src/ops', 'src/language'],
  'src/passes': ['src/ir', 'src/ops'],
  'src/reference': ['src/ir', 'src/ops'],
  codegen: [],
  'src/program': [],
  'src/kernels': ['src/ir', 'src/ops'],
  'src/plan': ['src/ir', 'src/ops', 'src/passes', 'src/kernels', 'src/program', 'codegen'],
  'src/runtime': ['src/program'],
  'src/adapter': [],
  'src/compiler': [
    'codegen',
    'grammar',
    'src/language',
    'src/ir',
    'src/ops',
    'src/autodiff',
    'src/passes',
    'src/kernels',
    'src/plan',
    'src/program',
    'src/tensors',
  ],
  'src/backend': [
    'src/ir',
    'src/ops',
    'src/kernels',
    'src/plan',
    'src/program',
    'src/runtime',
    'src/reference',
    'src/adapter',
    'codegen',
  ],
  'src/data': ['src/recipe', 'src/tensors'],
  'src/evaluation': ['src/tensors', 'src/data'],
  'src/report': ['src/tensors', 'src/data', 'src/evaluation'],
  'src/training': [
    'src/compiler',
    'src/backend',
    'src/autodiff',
    'src/recipe',
    'src/language',
    'src/ir',
    'src/program',
    'src/runtime',
    'src/data',
    'src/evaluation',
    'src/report',
    'src/tensors',
  ],
};
const quote = (path) => path.replaceAll('/', '\\/');
module.exports = {
  forbidden: [
    ...Object.entries(allowed).map(([from, to]) => ({
      name: `${from}-imports`,
      comment: `${from} may import only: ${[from, ...to].join(', ')}`,
      severity: 'error',
      from: { path: `^${quote(from)}/`, pathNot: '\\.test\\.ts$' },
      to: {
        path: '^(src|grammar|codegen|bench|tests)/',
        pathNot: ['^src\\/errors\\.ts$', ...[from, ...to].map((p) => `^${quote(p)}/`)],
      },
    })),
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
