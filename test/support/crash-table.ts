import type { CrashPoint } from '../../src/base/crash-points.ts';

/** What the operator does, with the run that is killed as its last step. */
export type Scenario =
  | 'backup'
  /** A backup after one that was killed and left finished files. */
  | 'backup after a kill'
  | 'restore'
  | 'finish'
  | 'rollback'
  /** A restore of Neo4j where its server may be stopped (test/campaigns/neo4j-exchange.test.ts). */
  | 'exchange'
  | 'finish of an exchange'
  | 'rollback of an exchange'
  | 'cleanup';

/** Which scenario reaches each crash point, for every service that does; the keys are all of them. */
export const REACHED_BY: Readonly<Record<CrashPoint, Scenario>> = {
  'draft.opened': 'backup',
  'artifact.started': 'backup',
  'artifact.synced': 'backup',
  'artifact.renamed': 'backup',
  'artifacts.done': 'backup',
  'manifest.written': 'backup',
  'manifest.linked': 'backup',
  'catalogue.written': 'backup',
  'proof.written': 'backup',
  'orphan.moved': 'backup after a kill',
  'removal.recorded': 'cleanup',
  'removal.committed': 'cleanup',
  'removal.artifact-deleted': 'cleanup',
  'restore.journalled': 'restore',
  'restore.staged': 'restore',
  'restore.compared': 'restore',
  'swap.intended': 'restore',
  'swap.done': 'restore',
  'finish.intended': 'finish',
  'finish.done': 'finish',
  'redis.paused': 'restore',
  'redis.safe': 'restore',
  'redis.intended': 'restore',
  'redis.replicating': 'restore',
  'redis.loaded': 'restore',
  'redis.promoted': 'restore',
  'redis.persisted': 'restore',
  'postgres.roles-created': 'restore',
  'postgres.database-created': 'restore',
  'postgres.filled': 'restore',
  'postgres.connections-refused': 'restore',
  'postgres.renamed': 'restore',
  'postgres.return-refused': 'rollback',
  'postgres.returned': 'rollback',
  'postgres.replaced-dropped': 'finish',
  'postgres.staged-dropped': 'rollback',
  'neo4j.safe': 'restore',
  'neo4j.marked': 'restore',
  'neo4j.schema-dropped': 'restore',
  'neo4j.relationships-deleted': 'restore',
  'neo4j.emptied': 'restore',
  'neo4j.batch-loaded': 'restore',
  'neo4j.loaded': 'restore',
  'neo4j.verified': 'restore',
  'neo4j.unmarked': 'restore',
  'neo4j.placed': 'exchange',
  'neo4j.stopping': 'exchange',
  'neo4j.stopped': 'exchange',
  'neo4j.moved-away': 'exchange',
  'neo4j.moved-in': 'exchange',
  'neo4j.exchanged': 'exchange',
  'neo4j.started': 'exchange',
  'neo4j.compared': 'exchange',
  'neo4j.moved-out': 'rollback of an exchange',
  'neo4j.moved-back': 'rollback of an exchange',
  'neo4j.replaced-removed': 'finish of an exchange',
  'neo4j.staged-removed': 'rollback of an exchange',
  'application.extracting': 'restore',
  'application.staged': 'restore',
  'application.moved-away': 'restore',
  'application.moved-in': 'restore',
  'application.moved-out': 'rollback',
  'application.moved-back': 'rollback',
};

/** The points that a service reaches in a scenario: its own, and those that no service owns. */
export function pointsOf(service: string, scenario: Scenario): CrashPoint[] {
  const points = Object.keys(REACHED_BY) as CrashPoint[];
  return points.filter((point) => REACHED_BY[point] === scenario && isReachedBy(service, point));
}

/** Only its own. */
export function ownPointsOf(service: string, scenario: Scenario): CrashPoint[] {
  return pointsOf(service, scenario).filter((point) => point.startsWith(`${service}.`));
}

const OWNERS = ['postgres', 'neo4j', 'redis', 'application'];

function isReachedBy(service: string, point: CrashPoint): boolean {
  const [owner = ''] = point.split('.');
  return owner === service || !OWNERS.includes(owner);
}
