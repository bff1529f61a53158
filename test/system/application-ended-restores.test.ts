import { describeEndedRestores } from '../support/system/restore-suite.ts';

describeEndedRestores('application', { sharedInterrupts: true });
