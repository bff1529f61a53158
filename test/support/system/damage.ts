import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Site } from './site.ts';

/** What may happen to a stored file: its new content, or undefined for a file that is gone. */
export type Damage = (bytes: Buffer) => Buffer | undefined;

export function flip(at: number, bit = 0): Damage {
  return (bytes) => {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
    return flipped;
  };
}

export function cut(to: (length: number) => number): Damage {
  return (bytes) => bytes.subarray(0, to(bytes.length));
}

export const gone: Damage = () => undefined;

export function extend(by: Buffer): Damage {
  return (bytes) => Buffer.concat([bytes, by]);
}

/** The files of one backup, by their path. */
export async function filesOf(site: Site, id: string): Promise<string[]> {
  const [service = '', type = ''] = id.split('_');
  const directory = path.join(site.backups, service, type);
  const names = await readdir(directory);
  return names
    .filter((name) => name.startsWith(`${id}.`))
    .toSorted()
    .map((name) => path.join(directory, name));
}

/** Damages a file; disposing puts it back. */
export async function damaged(file: string, damage: Damage): Promise<AsyncDisposable> {
  const kept = `${file}.kept-by-the-test`;
  await copyFile(file, kept);
  const after = damage(await readFile(file));
  if (after === undefined) await rm(file);
  else await writeFile(file, after);
  return {
    async [Symbol.asyncDispose]() {
      await copyFile(kept, file);
      await rm(kept);
    },
  };
}
