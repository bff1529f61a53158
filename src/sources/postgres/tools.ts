import { BackupError } from '../../base/errors.ts';
import type { Context } from '../../model/source.ts';
import type { Connection } from './connection.ts';

export const TOOLS = ['pg_dump', 'pg_dumpall', 'pg_restore'] as const;
export type Tool = (typeof TOOLS)[number];

/** `15.18` and 15. */
export interface Version {
  readonly text: string;
  readonly major: number;
}

export async function serverVersion(connection: Connection): Promise<Version> {
  const { text } = await connection.one<{ text: string }>(`SELECT current_setting('server_version') AS text`);
  return parseVersion(text);
}

/** Fails with kind `missing-tool`. */
export async function toolVersion(
  tool: Tool,
  { processes, signal }: Pick<Context, 'processes' | 'signal'>,
): Promise<Version> {
  const file = processes.find(tool, 'install the client programs of PostgreSQL: apt-get install postgresql-client');
  const { stdout } = await processes.run({ file, args: ['--version'] }, signal);
  return parseVersion(stdout.replace(/^\D*\)\s*/, ''));
}

/** pg_dump and pg_restore know the catalogues of older servers, never those of newer ones. */
export function assertNotOlder(tool: Tool, version: Version, than: string, needed: Version): void {
  if (version.major >= needed.major) return;
  throw new BackupError(`postgres: ${tool} ${version.text} is older than ${than} ${needed.text}`, {
    kind: 'too-old',
    hint: `install the client programs of PostgreSQL ${needed.major}: apt-get install postgresql-client-${needed.major}`,
  });
}

/** Takes `15.18 (Debian 15.18-0+deb12u1)` and `17beta1`. */
export function parseVersion(text: string): Version {
  const number = text.trim().split(/\s/, 1)[0] ?? '';
  return { text: number, major: Number.parseInt(number, 10) };
}
