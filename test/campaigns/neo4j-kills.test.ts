import { pointsOf } from '../support/crash-table.ts';
import { describeEndedRestores, everyEnd } from '../support/system/restore-suite.ts';

const FULL = process.env['PHYSICS_BACKUP_CAMPAIGN'] === 'full';
const SEED = Number(process.env['PHYSICS_BACKUP_SEED'] ?? Date.now() % 1_000_000);

/** One of them, which the seed chooses. */
function oneOf<T>(points: readonly T[]): T[] {
  return points.filter((_, at) => at === SEED % points.length);
}

const all = everyEnd('neo4j', pointsOf('neo4j', 'restore'));
if (!FULL) console.log(`seed ${SEED}: one kill of a restore of neo4j, and one of its rollback`);
describeEndedRestores(
  'neo4j',
  FULL ? all : { kills: oneOf(all.kills), interrupts: [], rollbackKills: oneOf(all.rollbackKills), finishKills: [] },
);
