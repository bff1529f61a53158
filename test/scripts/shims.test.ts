import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';

let scripts: string;
/** The guide's scripts, beside a program that only says how it was called. */
beforeAll(async () => {
  scripts = await mkdtemp(path.join(tmpdir(), 'scripts-'));
  await cp(path.join(import.meta.dirname, '../../backup/scripts'), scripts, { recursive: true });
  await writeFile(path.join(scripts, 'common/physics-backup.sh'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
});
afterAll(() => rm(scripts, { recursive: true }));

async function called(script: string, ...words: readonly string[]) {
  return await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(path.join(scripts, script), words, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout: stdout.trim(), stderr });
    });
  });
}

test.each([
  ['scheduler.sh cleanup postgres daily', 'postgres-backup cleanup postgres daily'],
  ['scheduler.sh cleanup redis all --dry-run', 'redis-backup cleanup redis all --dry-run'],
  ['scheduler.sh cleanup all all', 'postgres-backup cleanup all all'],
  ['volume_manager.sh cleanup backup-postgres 7', 'postgres-backup cleanup postgres all --older-than 7'],
  ['volume_manager.sh cleanup all 30', 'postgres-backup cleanup all all --older-than 30'],
  ['volume_manager.sh cleanup backup-neo4j 3 --dry-run', 'neo4j-backup cleanup neo4j all --older-than 3 --dry-run'],
])('%s is physics-backup %s', async (line, expected) => {
  const [script = '', ...words] = line.split(' ');
  expect(await called(script, ...words)).toEqual({ code: 0, stdout: expected, stderr: '' });
});

test.each(['volume_manager.sh cleanup', 'volume_manager.sh cleanup postgres-data 7', 'scheduler.sh cleanup'])(
  '%s calls nothing, and says what is right',
  async (line) => {
    const [script = '', ...words] = line.split(' ');
    expect(await called(script, ...words)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('cleanup') as string,
    });
  },
);
