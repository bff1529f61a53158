import { BackupError, reason, throwIfAborted } from '../../base/errors.ts';
import type { Facts } from '../../model/facts.ts';
import type { ContentReport, Context, ReadableBackup } from '../../model/source.ts';
import { DUMP, propertiesOf, readGlobals } from './artifacts.ts';
import type { Globals } from './globals.ts';
import type { Properties } from './properties.ts';
import { countEntries, extractContents } from './toc.ts';

/** Reads the whole backup as a restore would, without a server, and holds it against its facts. */
export async function checkContent(backup: ReadableBackup, context: Context): Promise<ContentReport> {
  const errors: string[] = [];
  const warnings: string[] = [];
  const attempt = async (what: string, check: () => Promise<void>): Promise<void> => {
    try {
      await check();
    } catch (error) {
      throwIfAborted(context.signal);
      if (isOurs(error)) throw error;
      errors.push(`${what}: ${reason(error)}`);
    }
  };
  await attempt(
    'dump',
    async () => void (await backup.toProcess(DUMP, { file: 'pg_restore', args: ['--file=/dev/null'] })),
  );
  await attempt('contents', async () => void errors.push(...(await contentErrors(backup, context))));
  await attempt('globals and properties', async () => {
    const [globals, properties] = [await readGlobals(backup), await propertiesOf(backup)];
    errors.push(...roleErrors(globals, properties));
    warnings.push(...unknownStatements(globals));
  });
  return { errors, warnings };
}

/** What says nothing about the backup: a program that is not installed, a key that is missing. */
function isOurs(error: unknown): boolean {
  return error instanceof BackupError && !['damaged', 'failed'].includes(error.kind);
}

/** Every table, sequence and large object that was counted must be in the dump. */
async function contentErrors(backup: ReadableBackup, context: Context): Promise<string[]> {
  await using contents = await extractContents(backup, context);
  const entries = await countEntries(contents.file, context);
  const objects = (kind: string): number => numberOf(backup.facts, `objects ${kind}`);
  return [
    ...unequal(entries, 'TABLE DATA', count(backup.facts, 'rows ')),
    ...unequal(entries, 'SEQUENCE SET', count(backup.facts, 'sequence ')),
    // from version 17 on, one entry stands for many large objects
    ...(entries.has('BLOB METADATA') ? [] : unequal(entries, 'BLOB', objects('large objects'))),
  ];
}

function unequal(entries: ReadonlyMap<string, number>, kind: string, counted: number): string[] {
  const found = entries.get(kind) ?? 0;
  return found === counted ? [] : [`the dump has ${found} entries ${kind}, ${counted} were counted`];
}

function count(facts: Facts, prefix: string): number {
  return Object.keys(facts).filter((name) => name.startsWith(prefix)).length;
}

function numberOf(facts: Facts, name: string): number {
  const value = facts[name]?.value;
  return typeof value === 'number' ? value : 0;
}

/** A role that owns something and is not among the saved ones could not be brought back. */
function roleErrors({ roles }: Globals, { roles: mentioned }: Properties): string[] {
  const saved = new Set(roles);
  return mentioned
    .filter((role) => !saved.has(role) && !role.startsWith('pg_'))
    .map((role) => `role "${role}" is used, but was not saved`);
}

function unknownStatements({ statements }: Globals): string[] {
  return statements
    .filter(({ kind, sql }) => kind === 'other' && !/^(SET|GRANT|REVOKE|SELECT pg_catalog\.set_config)\b/.test(sql))
    .map(({ sql }) => `a statement about roles is not understood: ${sql.slice(0, 60)}`);
}
