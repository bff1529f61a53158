import { describeEndedRestores } from '../support/system/restore-suite.ts';

describeEndedRestores('postgres', { sharedInterrupts: false });
