import { systemClock } from '../../base/clock.ts';
import { BackupError } from '../../base/errors.ts';
import type { Capture } from '../../model/backup.ts';
import type { Facts } from '../../model/facts.ts';
import type { ArtifactSink, Context } from '../../model/source.ts';
import type { BackupType, Instant } from '../../model/vocabulary.ts';
import { allEnded } from './all-ended.ts';
import { PROPERTIES } from './artifacts.ts';
import { Connection, openMaintenance } from './connection.ts';
import { dumpDatabase, dumpGlobals } from './dump.ts';
import { rowFacts, sequenceFacts, sequencePositions } from './facts.ts';
import { objectFacts } from './object-counts.ts';
import { formatProperties, readProperties } from './properties.ts';
import { rightsFindings } from './rights.ts';
import { capturePlace, type PostgresSettings } from './settings.ts';
import { exportSnapshot, type Snapshot } from './snapshot.ts';
import { assertNotOlder, serverVersion, toolVersion, type Version } from './tools.ts';
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
  const [dump, server, withPasswords] = await allEnded([
    toolVersion('pg_dump', context),
    readableServer(connection),
    mayReadPasswords(settings, context.signal),
  ]);
  assertNotOlder('pg_dump', dump, 'the server', server);
  const warnings = (await unseen(connection, withPasswords)).map(({ message, hint }) => `${message}; ${hint}`);
  const snapshot = await exportSnapshot(connection);
  momentFixed(systemClock.now());
  const view: View = { connection, snapshot, withPasswords };
  const facts = job.type === 'schema' ? await captureSchema(job, view) : await captureAll(job, view);
  return { facts, consistency: 'consistent', versions: { server: server.text, pg_dump: dump.text }, warnings };
}

/** The database at one moment. */
interface View {
  readonly connection: Connection;
  readonly snapshot: Snapshot;
  /** Whether roles are saved with their passwords. */
  readonly withPasswords: boolean;
}

async function captureAll(job: Job, view: View): Promise<Facts> {
  const { connection, snapshot } = view;
  const { relations } = snapshot;
  const before = await sequencePositions(connection, relations);
  const objects = await captureSchema(job, view);
  job.context.progress.step('count rows');
  const sequences = sequenceFacts(before, await sequencePositions(connection, relations));
  return { ...objects, ...sequences, ...(await rowFacts(connection, relations)) };
}

/** The artifacts, and the facts of the schema. */
async function captureSchema(
  { type, sink, settings, context }: Job,
  { connection, snapshot, withPasswords }: View,
): Promise<Facts> {
  context.progress.step('dump');
  let facts: Facts = {};
  const look = async (): Promise<void> => {
    const properties = await readProperties(connection);
    await sink.fromChunks(PROPERTIES, only(formatProperties(properties)));
    facts = await objectFacts(connection, type !== 'schema');
  };
  await allEnded([
    dumpDatabase(type, snapshot, sink, settings, context),
    dumpGlobals(withPasswords, sink, settings),
    look(),
  ]);
  return facts;
}

/** Only a superuser may, which has to prove to be one before anything is written. */
async function mayReadPasswords(settings: PostgresSettings, signal: AbortSignal): Promise<boolean> {
  await using admin = await openMaintenance(settings, signal);
  const { superuser } = await admin.one<{ superuser: boolean }>(
    'SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
  );
  return superuser;
}

async function* only(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(chunk);
}

/** The server, once it is known that the session may read all of the database. */
async function readableServer(connection: Connection): Promise<Version> {
  const version = await serverVersion(connection);
  await assertReadable(connection);
  return version;
}

async function assertReadable(connection: Connection): Promise<void> {
  const [finding] = await rightsFindings(connection);
  if (finding === undefined) return;
  throw new BackupError(`postgres: ${finding.message}`, { kind: 'denied', hint: finding.hint ?? '' });
}
