import { pointsOf } from '../support/crash-table.ts';
import { describeEndedRestores, everyEnd } from '../support/system/restore-suite.ts';

describeEndedRestores('application', everyEnd('application', pointsOf('application', 'restore')));
