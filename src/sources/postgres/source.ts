import { BackupError } from '../../base/errors.ts';
import type { BackupType } from '../../model/vocabulary.ts';
import type { Context, RestoreJournal, Source, StagedHandle, StagedRestore } from '../../model/source.ts';
import { capture } from './capture.ts';
import { openMaintenance } from './connection.ts';
import { checkContent } from './content.ts';
import { inspect } from './inspect.ts';
import { endOrphans } from './orphans.ts';
import type { PostgresSettings } from './settings.ts';
import { stage } from './stage.ts';
import { StagedDatabase } from './staged.ts';

export type { PostgresSettings } from './settings.ts';

const TYPES: readonly BackupType[] = ['hourly', 'daily', 'weekly', 'monthly', 'yearly', 'manual', 'schema'];

/** One database of a PostgreSQL server, captured by pg_dump at one snapshot. */
export function postgresSource(settings: PostgresSettings): Source {
  return {
    service: 'postgres',
    capabilities: { types: TYPES, pointInTime: false, stopsProduction: false },
    inspect: (context) => inspect(settings, context),
    capture: async (type, sink, momentFixed, context) => {
      assertSupported(type);
      return await capture({ type, sink, settings, context }, momentFixed);
    },
    checkContent,
    stage: (request, journal, _safety, context) => stage(request, journal, settings, context),
    attach: (handle, notes, journal, _safety, context) => attach(handle, notes, journal, settings, context),
  };
}

function assertSupported(type: BackupType): void {
  if (TYPES.includes(type)) return;
  throw new BackupError(`postgres: backups of type "${type}" come later`, {
    kind: 'usage',
    hint: `use one of: ${TYPES.join(', ')}`,
  });
}

async function attach(
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
