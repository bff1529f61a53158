import os from 'node:os';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** What the figures were measured on. */
export async function machine(): Promise<Machine> {
  const tools = {
    pg_dump: ['--version'],
    'redis-server': ['--version'],
    zstd: ['--version'],
    openssl: ['version'],
    tar: ['--version'],
  };
  const versions = await Promise.all(
    Object.entries(tools).map(async ([tool, args]) => {
      const { stdout } = await run(tool, args);
      return [tool, /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? 'unknown'] as const;
    }),
  );
  return {
    cores: os.availableParallelism(),
    processor: os.cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(os.totalmem() / 1024 ** 3),
    versions: { node: process.versions.node, ...Object.fromEntries(versions) },
  };
}
