import { ownPointsOf } from '../support/crash-table.ts';
import { describeEndedRestores, everyEnd } from '../support/system/restore-suite.ts';

describeEndedRestores('postgres', everyEnd('postgres', ownPointsOf('postgres', 'restore')));
