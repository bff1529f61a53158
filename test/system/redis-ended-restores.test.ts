import { describeEndedRestores } from '../support/system/restore-suite.ts';

describeEndedRestores('redis', { sharedInterrupts: false });
