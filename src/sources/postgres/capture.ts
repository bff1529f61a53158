import { systemClock } from '../../base/clock.ts';
import { BackupError } from '../../base/errors.ts';
import type { Capture } from '../../model/backup.ts';
import type { Facts } from '../../model/facts.ts';
import type { ArtifactSink, Context } from '../../model/source.ts';
import type { BackupType, Instant } from '../../model/vocabulary.ts';
import { PROPERTIES } from './artifacts.ts';
import { Connection } from './connection.ts';
import { dumpDatabase, dumpGlobals } from './dump.ts';
import { rowFacts, sequenceFacts, sequencePositions } from './facts.ts';
import { objectFacts } from './object-counts.ts';
import { formatProperties, readProperties } from './properties.ts';
import { rightsFindings } from './rights.ts';
import { capturePlace, type PostgresSettings, superuserLogin } from './settings.ts';
import { exportSnapshot, type Snapshot } from './snapshot.ts';
import { assertNotOlder, serverVersion, toolVersion } from './tools.ts';
import { unseen } from './unseen.ts';

interface Job {
  readonly type: BackupType;
  readonly sink: ArtifactSink;
  readonly settings: PostgresSettings;
  readonly context: Context;
}

/** Captures the database at one snapshot, which the dump and the counts share. */
export async function capture(job: Job, momentFixed: (at: Instant) => void): Promise<Capture> {
  const { settings, context } = job;
  await using connection = await Connection.open(capturePlace(settings), context.signal);
  const versions = await assertTools(connection, context);
  await assertReadable(connection);
  const warnings = await unseen(connection, superuserLogin(settings) !== undefined);
  const snapshot = await exportSnapshot(connection);
  momentFixed(systemClock.now());
  const facts =
    job.type === 'schema'
      ? await captureSchema(job, connection, snapshot)
      : await captureAll(job, connection, snapshot);
  return { facts, consistency: 'consistent', versions, warnings };
}

async function captureAll(job: Job, connection: Connection, snapshot: Snapshot): Promise<Facts> {
  const { relations } = snapshot;
  const before = await sequencePositions(connection, relations);
  const objects = await captureSchema(job, connection, snapshot);
  job.context.progress.step('count rows');
  const sequences = sequenceFacts(before, await sequencePositions(connection, relations));
  return { ...objects, ...sequences, ...(await rowFacts(connection, relations, job.context)) };
}

/** The artifacts, and the facts of the schema. */
async function captureSchema(
  { type, sink, settings, context }: Job,
  connection: Connection,
  snapshot: Snapshot,
): Promise<Facts> {
  context.progress.step('dump');
  const written = await Promise.allSettled([
    dumpDatabase(type, snapshot, sink, settings, context),
    dumpGlobals(sink, settings),
    readProperties(connection).then((properties) => sink.fromChunks(PROPERTIES, only(formatProperties(properties)))),
  ]);
  const failed = written.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return await objectFacts(connection);
}

async function* only(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(chunk);
}

async function assertTools(connection: Connection, context: Context): Promise<Record<string, string>> {
  const server = await serverVersion(connection);
  const dump = await toolVersion('pg_dump', context);
  assertNotOlder('pg_dump', dump, 'the server', server);
  return { server: server.text, pg_dump: dump.text };
}

async function assertReadable(connection: Connection): Promise<void> {
  const [finding] = await rightsFindings(connection);
  if (finding === undefined) return;
  throw new BackupError(`postgres: ${finding.message}`, { kind: 'denied', hint: finding.hint ?? '' });
}
