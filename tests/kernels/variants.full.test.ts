import { describeVariants } from './check-variants.ts';

describeVariants();
