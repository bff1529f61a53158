import { ownPointsOf } from '../support/crash-table.ts';
import { describeEndedRestores, everyEnd } from '../support/system/restore-suite.ts';

describeEndedRestores('redis', everyEnd('redis', ownPointsOf('redis', 'restore')));
