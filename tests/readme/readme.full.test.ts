import { commands, testInClone } from './clone.ts';

testInClone(commands, 'npm run --silent lint');
