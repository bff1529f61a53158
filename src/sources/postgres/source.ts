import { BackupError } from '../../base/errors.ts';
import type { BackupType } from '../../model/vocabulary.ts';
import type { Source } from '../../model/source.ts';
import { capture } from './capture.ts';
import { inspect } from './inspect.ts';
import type { PostgresSettings } from './settings.ts';

export type { PostgresSettings } from './settings.ts';

const TYPES: readonly BackupType[] = ['hourly', 'daily', 'weekly', 'monthly', 'yearly', 'manual', 'schema'];

/** One database of a PostgreSQL server, captured by pg_dump at one snapshot. What a capture does without is loaded later. */
export function postgresSource(settings: PostgresSettings): Source {
  return {
    service: 'postgres',
    capabilities: { types: TYPES, pointInTime: false, stopsProduction: false },
    inspect: (context) => inspect(settings, context),
    capture: async (type, sink, momentFixed, context) => {
      assertSupported(type);
      return await capture({ type, sink, settings, context }, momentFixed);
    },
    checkContent: async (backup, context) => {
      const { checkContent } = await import('./content.ts');
      return await checkContent(backup, context);
    },
    stage: async (request, journal, _safety, context) => {
      const { stage } = await import('./stage.ts');
      return await stage(request, journal, settings, context);
    },
    attach: async (handle, notes, journal, _safety, context) => {
      const { attach } = await import('./attach.ts');
      return await attach(handle, notes, journal, settings, context);
    },
  };
}

function assertSupported(type: BackupType): void {
  if (TYPES.includes(type)) return;
  throw new BackupError(`postgres: backups of type "${type}" come later`, {
    kind: 'usage',
    hint: `use one of: ${TYPES.join(', ')}`,
  });
}
