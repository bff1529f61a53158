import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../base/clock.ts';
import { BackupError, reason } from '../../base/errors.ts';
import type { Context, ReadableBackup, RestoreJournal, StagedHandle, StageRequest } from '../../model/source.ts';
import { admit, type Admission } from './admission.ts';
import { createStatement, dropExtras, propertyStatements } from './apply-properties.ts';
import { propertiesOf, readGlobals } from './artifacts.ts';
import { Connection, identifier, openMaintenance } from './connection.ts';
import { allowConnections, mark } from './cutover.ts';
import { fill } from './fill.ts';
import type { Marker } from './marker.ts';
import { asideNames } from './names.ts';
import type { Properties } from './properties.ts';
import { createRoles } from './roles.ts';
import { type PostgresSettings, restoringLogin } from './settings.ts';
import { StagedDatabase } from './staged.ts';

const CLEAN_UP_MILLISECONDS = 60_000;
const RETRY_MILLISECONDS = 500;

/** Restores a backup into a database of its own beside the live one. */
export async function stage(
  request: StageRequest,
  journal: RestoreJournal,
  settings: PostgresSettings,
  context: Context,
): Promise<StagedDatabase> {
  const backup = onlyBackup(request);
  const [properties, globals] = [await propertiesOf(backup), await readGlobals(backup)];
  await using admin = await openMaintenance(settings, context.signal);
  const admission = await admit(admin, backup, properties, globals, context);
  const staged = await announce(backup, admission, settings, journal);
  try {
    await context.reached('restore.journalled');
    for (const warning of admission.warnings) await staged.warn(warning);
    const note = await createRoles(admin, admission.missingRoles, globals, journal);
    if (note !== undefined) staged.remember(note);
    await context.reached('postgres.roles-created');
    await build({ staged, backup, properties, admission, admin, settings, context });
    await context.reached('restore.staged');
    return staged;
  } catch (error) {
    throw await afterDiscarding(staged, error, context);
  }
}

interface Building {
  readonly staged: StagedDatabase;
  readonly backup: ReadableBackup;
  readonly properties: Properties;
  readonly admission: Admission;
  readonly admin: Connection;
  readonly settings: PostgresSettings;
  readonly context: Context;
}

async function build(building: Building): Promise<void> {
  const { staged, backup, properties, admission, admin, settings, context } = building;
  const { staged: name = '', token = '' } = staged.handle.details;
  const marker: Marker = { restore: token, part: 'staging', onceLive: goal(properties) };
  await admin.query(createStatement(name, properties, admission.tablespaces));
  await context.reached('postgres.database-created');
  await admin.query(mark(name, marker));
  const { oid } = await admin.one<{ oid: string }>('SELECT oid::text AS oid FROM pg_database WHERE datname = $1', [
    name,
  ]);
  await staged.adopt(oid);
  // until the swap, ordinary roles have no business here
  if (admission.superuser) await admin.query(`ALTER DATABASE ${identifier(name)} CONNECTION LIMIT 0`);
  await admin.query(allowConnections(name, true));
  const place = { settings, login: restoringLogin(settings), database: name };
  await inside(place, context, (connection) => dropExtras(connection, properties));
  const tablespaces = properties.tablespaces.every((each) => admission.tablespaces.has(each));
  await fill({ backup, place, tablespaces }, context);
  await context.reached('postgres.filled');
  context.progress.step('analyze');
  await inside(place, context, (connection) => connection.query('ANALYZE'));
  await admin.transaction([...propertyStatements(name, properties), mark(name, { ...marker, part: 'staged' })]);
}

async function inside(
  place: Connection['place'],
  { signal }: Context,
  work: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  await using connection = await Connection.open(place, signal);
  await work(connection);
}

function goal({ comment, connectionLimit, isTemplate }: Properties): Marker['onceLive'] {
  return { comment, connectionLimit, isTemplate, allowConnections: true };
}

/** Journals how to find the pieces again, before the first of them exists. */
async function announce(
  { id, type }: ReadableBackup,
  { system, databases }: Admission,
  settings: PostgresSettings,
  journal: RestoreJournal,
): Promise<StagedDatabase> {
  const { database } = settings;
  const { staged, replaced } = asideNames(database, systemClock.now(), databases);
  const details = { database, staged, replaced, token: randomUUID(), rows: type === 'schema' ? 'no' : 'yes' };
  const handle: StagedHandle = { version: 1, service: 'postgres', server: system, backup: id, details };
  await journal.handle(handle);
  return new StagedDatabase(handle, [], journal, settings);
}

async function afterDiscarding(staged: StagedDatabase, error: unknown, context: Context): Promise<unknown> {
  try {
    await discardOnceReachable(staged, { ...context, signal: AbortSignal.timeout(CLEAN_UP_MILLISECONDS) });
    return error;
  } catch (second) {
    return new BackupError(`${reason(error)}; and what was staged could not be removed: ${reason(second)}`, {
      kind: error instanceof BackupError ? error.kind : 'failed',
      hint: `DROP DATABASE ${identifier(staged.handle.details['staged'] ?? '')};`,
      cause: error,
    });
  }
}

/** A server whose disk was full restarts by itself, and answers again after some seconds. */
async function discardOnceReachable(staged: StagedDatabase, context: Context): Promise<void> {
  for (;;) {
    try {
      return await staged.discard(context);
    } catch (error) {
      if (!(error instanceof BackupError && error.kind === 'unreachable')) throw error;
      await delay(RETRY_MILLISECONDS, undefined, { signal: context.signal }).catch(() => {
        throw error;
      });
    }
  }
}

function onlyBackup({ chain, target }: StageRequest): ReadableBackup {
  const [backup, more] = chain;
  if (target === 'sandbox')
    throw new BackupError('postgres: restores into a sandbox are not built yet', {
      kind: 'failed',
      hint: 'restore into the server',
    });
  if (backup === undefined || more !== undefined)
    throw new BackupError(`postgres: a restore needs one backup, not ${chain.length}`, { kind: 'usage' });
  return backup;
}
