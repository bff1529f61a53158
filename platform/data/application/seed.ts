import { lutimes, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { applicationDirectories } from '../../clients/application.ts';
import type { Environment } from '../../clients/environment.ts';
import { type Amount, countOf } from '../amount.ts';
import { Content } from './content.ts';
import { makeOddities } from './oddities.ts';

const FILES_PER_SCALE = 2;
const FILES_PER_DIRECTORY = 200;
const LARGEST = 64 << 10;
/** One file of these is large. */
const LARGE_EVERY = 100;
const LARGE_TIMES = 16;

/** Fills the directories of APPLICATION_PATHS, which may be missing or empty. */
export async function seedApplication(environment: Environment, amount: Amount): Promise<void> {
  for (const { name, path: root } of applicationDirectories(environment)) {
    const content = new Content(amount.seed);
    await mkdir(root, { recursive: true });
    await makeFiles(name, root, countOf(amount, FILES_PER_SCALE), content);
    await makeOddities(root, content);
    await settleTimes(root, '', content);
  }
}

async function makeFiles(name: string, root: string, count: number, content: Content): Promise<void> {
  for (let index = 0; index < count; index++) {
    const directory = path.join(root, '2025', `batch ${Math.floor(index / FILES_PER_DIRECTORY)}`);
    if (index % FILES_PER_DIRECTORY === 0) await mkdir(directory, { recursive: true });
    const label = `${name} ${index}`;
    const bytes = content.pick(label, LARGEST) * (index % LARGE_EVERY === LARGE_EVERY - 1 ? LARGE_TIMES : 1);
    const compressible = index % 2 === 0;
    const file = path.join(directory, `${label}.${compressible ? 'txt' : 'png'}`);
    await writeFile(file, compressible ? content.document(label, bytes) : content.binary(label, bytes), { flag: 'wx' });
  }
}

/** Modification times of the past, one of 1972 and some beyond 2038 among them; children before their directory. */
async function settleTimes(root: string, within: string, content: Content): Promise<void> {
  const directory = path.join(root, within);
  const entries = await readdir(directory, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1)); // the last name of a hard link decides
  for (const entry of entries) {
    const name = path.join(within, entry.name);
    if (entry.isDirectory()) await settleTimes(root, name, content);
    const seconds = pastSeconds(content.pick(name, 1000), content.pick(`${name} seconds`, 50_000_000));
    const time = seconds + content.pick(`${name} fraction`, 1e9) / 1e9;
    await lutimes(path.join(root, name), time, time);
  }
}

function pastSeconds(kind: number, offset: number): number {
  if (kind < 20) return 70_000_000 + offset;
  if (kind < 40) return 2_500_000_000 + offset;
  return 1_700_000_000 + offset;
}
