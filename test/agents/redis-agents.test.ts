import { describeAgent } from './conformance.ts';

describeAgent('redis', 'in process');
describeAgent('redis', 'over a socket');
