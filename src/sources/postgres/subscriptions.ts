import { BackupError } from '../../base/errors.ts';
import type { DatabaseRow } from './census.ts';
import { Connection, identifier } from './connection.ts';
import { allowConnections } from './cutover.ts';
import { type PostgresSettings, restoringLogin } from './settings.ts';

interface Subscription {
  readonly name: string;
  /** At the publisher; null where it has none. */
  readonly slot: string | null;
}

/**
 * Refuses to let go of a subscription whose slot no subscription of the live database goes on with: the publisher would
 * keep its log for that slot until its disk is full.
 */
export async function assertSlotsGoOn(
  admin: Connection,
  replaced: DatabaseRow,
  live: DatabaseRow | undefined,
): Promise<void> {
  const present = live === undefined ? [] : await subscriptionsOf(admin, live);
  const goOn = new Set(present.map(({ slot }) => slot));
  const last = (await subscriptionsOf(admin, replaced)).find(({ slot }) => slot !== null && !goOn.has(slot));
  if (last === undefined) return;
  const subscription = identifier(last.name);
  throw new BackupError(
    `postgres: database "${replaced.name}" has the subscription "${last.name}", whose slot "${last.slot}" would be left at its publisher`,
    {
      kind: 'failed',
      hint: `drop that slot at the publisher; then ${allowConnections(replaced.name, true)}; in that database: ALTER SUBSCRIPTION ${subscription} DISABLE; ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE); and run this again`,
    },
  );
}

/** Removes the subscriptions of a database that is to be dropped, which they would prevent; slots are left alone. */
export async function detachSubscriptions(
  admin: Connection,
  database: DatabaseRow,
  settings: PostgresSettings,
  signal: AbortSignal,
): Promise<void> {
  const subscriptions = await subscriptionsOf(admin, database);
  if (subscriptions.length === 0) return;
  if (!database.allowConnections) await admin.query(allowConnections(database.name, true));
  const place = { settings, login: restoringLogin(settings), database: database.name };
  await using inside = await Connection.open(place, signal);
  for (const name of subscriptions.map((each) => identifier(each.name))) {
    await inside.query(`ALTER SUBSCRIPTION ${name} DISABLE`);
    await inside.query(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`);
    await inside.query(`DROP SUBSCRIPTION ${name}`);
  }
}

async function subscriptionsOf(admin: Connection, { oid }: DatabaseRow): Promise<Subscription[]> {
  return await admin.query<Subscription & Record<string, unknown>>(
    'SELECT subname::text AS name, subslotname::text AS slot FROM pg_subscription WHERE subdbid = $1 ORDER BY 1',
    [oid],
  );
}
