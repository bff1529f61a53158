import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Ended, run } from './docker.ts';
import { ROOT, type Stack } from './stack.ts';

/** The first block of commands after a heading of the README. */
export async function blockAfter(heading: string): Promise<string> {
  const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
  const [, after] = readme.split(`\n${heading}\n`);
  const [, block] = /^```sh\n(.*?)^```/ms.exec(after ?? '') ?? [];
  if (block === undefined) throw new Error(`the README has no commands after ${heading}`);
  return block.replaceAll(/ +# .*$/gm, '').trimEnd();
}

/** Types commands of the README, with the directory, the names and the .env of this stack instead of the guide's. */
export async function typed(commands: string, stack: Stack): Promise<Ended> {
  const script = commands
    .replaceAll(/^.*COMPOSE_ENV_FILES=.*$|^.*\.env\.example.*$/gm, '') // this stack has its own
    .replaceAll('/opt/physics-assistant', stack.directory)
    .replaceAll(/\bphysics-(?=(?:postgres|neo4j|redis|application)-backup)/g, `${stack.name}-`);
  const bin = await mkdtemp(path.join(os.tmpdir(), 'sudo-'));
  try {
    await writeFile(path.join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
    const ended = await run(['bash', '-c', `set -e\ncd '${ROOT}'\n${script}`], {
      ...stack.environment,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    });
    if (ended.code !== 0) throw new Error(`${script}\n${ended.stdout}\n${ended.stderr}`);
    return ended;
  } finally {
    await rm(bin, { recursive: true });
  }
}
