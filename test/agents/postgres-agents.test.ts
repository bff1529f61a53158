import { describeAgent } from './conformance.ts';

describeAgent('postgres', 'in process');
describeAgent('postgres', 'over a socket');
