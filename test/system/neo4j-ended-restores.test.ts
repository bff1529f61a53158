import { describeEndedRestores } from '../support/system/restore-suite.ts';

// A sample: the server is slow. test/campaigns/neo4j-kills.test.ts ends it everywhere.
describeEndedRestores('neo4j', {
  kills: ['restore.staged', 'neo4j.batch-loaded'],
  interrupts: ['neo4j.emptied'],
  rollbackKills: [],
  finishKills: ['finish.intended'],
});
