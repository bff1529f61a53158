/**
 * Every place where being killed leaves a different state on disk or in a server. Tests end the process at each
 * one (docs/decisions/); in production reaching one does nothing.
 */
export const CRASH_POINTS = [
  // repository: one backup
  'draft.opened',
  'artifact.started',
  'artifact.synced',
  'artifact.renamed',
  'artifacts.done',
  'manifest.written',
  'manifest.linked',
  'catalogue.written',
  'proof.written',
  'orphan.moved',
  // repository: removing one backup
  'removal.recorded',
  'removal.committed',
  'removal.artifact-deleted',
  // restore: one service
  'restore.journalled',
  'restore.staged',
  'restore.compared',
  'swap.intended',
  'swap.done',
  'finish.intended',
  'finish.done',
  // redis: the live server becomes a copy of the sandbox
  'redis.paused',
  'redis.safe',
  'redis.intended',
  'redis.replicating',
  'redis.loaded',
  'redis.promoted',
  'redis.persisted',
  // postgres: two databases change names
  'postgres.roles-created',
  'postgres.database-created',
  'postgres.filled',
  'postgres.connections-refused',
  'postgres.renamed',
  'postgres.return-refused',
  'postgres.returned',
  'postgres.replaced-dropped',
  'postgres.staged-dropped',
  // neo4j: the live graph is emptied and loaded again
  'neo4j.safe',
  'neo4j.marked',
  'neo4j.schema-dropped',
  'neo4j.relationships-deleted',
  'neo4j.emptied',
  'neo4j.batch-loaded',
  'neo4j.loaded',
  'neo4j.verified',
  'neo4j.unmarked',
  // neo4j: the store of a sandbox is exchanged for the live one around a restart
  'neo4j.placed',
  'neo4j.stopping',
  'neo4j.stopped',
  'neo4j.moved-away',
  'neo4j.moved-in',
  'neo4j.exchanged',
  'neo4j.started',
  'neo4j.compared',
  'neo4j.moved-out',
  'neo4j.moved-back',
  'neo4j.replaced-removed',
  'neo4j.staged-removed',
  // application: directories are exchanged by renaming
  'application.extracting',
  'application.staged',
  'application.moved-away',
  'application.moved-in',
  'application.moved-out',
  'application.moved-back',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Awaited at a crash point. */
export type Reached = (point: CrashPoint) => Promise<void>;

export const nothingHappens: Reached = () => Promise.resolve();
