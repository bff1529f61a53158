import { describeAgent } from './conformance.ts';

describeAgent('application', 'in process');
describeAgent('application', 'over a socket');
