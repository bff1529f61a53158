import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Ended, must, run } from './docker.ts';
import { ROOT, type Stack } from './stack.ts';

/** The first block of commands after a heading of the README. */
export async function blockAfter(heading: string): Promise<string> {
  const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
  const [, after] = readme.split(`\n${heading}\n`);
  const [, block] = /^```sh\n(.*?)^```/ms.exec(after ?? '') ?? [];
  if (block === undefined) throw new Error(`the README has no commands after ${heading}`);
  return block.replaceAll(/ +# .*$/gm, '').trimEnd();
}

/** All that a machine with Docker has, beside a shell. */
const TOOLS = ['docker', 'sh', 'mkdir', 'chown', 'install', 'id', 'dirname', 'printenv'];

/** Types commands of the README on such a machine, with the directory and the names of this stack, not the guide's. */
export async function typed(commands: string, stack: Stack): Promise<Ended> {
  const script = commands
    .replaceAll('/opt/physics-assistant', stack.directory)
    .replaceAll(/\bphysics-(?=(?:postgres|neo4j|redis|application)-backup)/g, `${stack.name}-`);
  const bin = await mkdtemp(path.join(os.tmpdir(), 'tools-'));
  try {
    for (const tool of TOOLS) await symlink(await must(['sh', '-c', `command -v ${tool}`]), path.join(bin, tool));
    await writeFile(path.join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
    const environment = { ...stack.environment, PATH: bin };
    const ended = await run(['/bin/bash', '-c', `set -e\ncd '${ROOT}'\n${script}`], environment);
    if (ended.code !== 0) throw new Error(`${script}\n${ended.stdout}\n${ended.stderr}`);
    return ended;
  } finally {
    await rm(bin, { recursive: true });
  }
}
