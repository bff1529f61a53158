import { pointsOf } from '../support/crash-table.ts';
import { describeEndedRestores, everyEnd } from '../support/system/restore-suite.ts';

describeEndedRestores('neo4j', everyEnd('neo4j', pointsOf('neo4j', 'restore')));
