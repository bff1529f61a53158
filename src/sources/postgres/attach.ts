import { BackupError } from '../../base/errors.ts';
import type { Context, RestoreJournal, StagedHandle, StagedRestore } from '../../model/source.ts';
import { openMaintenance } from './connection.ts';
import { endOrphans } from './orphans.ts';
import type { PostgresSettings } from './settings.ts';
import { StagedDatabase } from './staged.ts';

/** Takes a restore up again; another server than the one it was begun on must not be touched. */
export async function attach(
  handle: StagedHandle,
  notes: readonly Readonly<Record<string, string>>[],
  journal: RestoreJournal,
  settings: PostgresSettings,
  { signal }: Context,
): Promise<StagedRestore> {
  await using admin = await openMaintenance(settings, signal);
  const { system } = await admin.one<{ system: string }>(
    'SELECT system_identifier::text AS system FROM pg_control_system()',
  );
  if (handle.service !== 'postgres' || handle.server !== system)
    throw new BackupError(`postgres: the restore was begun on server ${handle.server}, this one is ${system}`, {
      kind: 'failed',
      hint: 'point POSTGRES_HOST and POSTGRES_PORT at the server that the restore was begun on',
    });
  await endOrphans(admin, handle.details['staged'] ?? '');
  return new StagedDatabase(handle, notes, journal, settings);
}
