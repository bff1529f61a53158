import { collectText } from './text.ts';
import { BackupError } from '../../base/errors.ts';
import type { ArtifactKind } from '../../model/backup.ts';
import type { ReadableBackup } from '../../model/source.ts';
import { type Globals, parseGlobals } from './globals.ts';
import { parseProperties, type Properties } from './properties.ts';

/** `<id>.dump`: pg_dump's custom format, not compressed. */
export const DUMP: ArtifactKind = { extension: 'dump' };
/** `<id>.globals.sql`: roles and tablespaces, by pg_dumpall. */
export const GLOBALS: ArtifactKind = { role: 'globals', extension: 'sql' };
/** `<id>.properties.json`: what the database is, beside what is in it. */
export const PROPERTIES: ArtifactKind = { role: 'properties', extension: 'json' };

export async function readGlobals(backup: ReadableBackup): Promise<Globals> {
  const globals = parseGlobals(await collectText(backup.chunks(GLOBALS), 'globals'));
  if (!globals.complete) throw new BackupError('postgres: the roles of the backup are cut short', { kind: 'damaged' });
  return globals;
}

export async function propertiesOf(backup: ReadableBackup): Promise<Properties> {
  return parseProperties(await collectText(backup.chunks(PROPERTIES), 'properties'));
}

/** Bytes of the dump before its stages. */
export function dumpBytes({ artifacts }: ReadableBackup): number {
  return artifacts.find(({ role, extension }) => role === undefined && extension === DUMP.extension)?.plainBytes ?? 0;
}
