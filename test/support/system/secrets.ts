import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Site } from './site.ts';

/** Files below a directory that hold one of the words. */
export async function filesWith(directory: string, words: readonly string[]): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((each) => each.isFile()).map((each) => path.join(each.parentPath, each.name));
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'latin1').catch(() => '');
      return words.filter((word) => text.includes(word)).map((word) => `${word} in ${file}`);
    }),
  );
  return found.flat();
}

/**
 * Looks at the command lines of the program's processes again and again until `done`, as anybody on the machine may;
 * resolves with every one it saw.
 */
export async function watchCommandLines(site: Site, done: AbortSignal): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  while (!done.aborted) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    await Promise.all(pids.map((pid) => look(pid, site, seen)));
    await delay(3);
  }
  return seen;
}

async function look(pid: string, site: Site, seen: Set<string>): Promise<void> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (line === '' || seen.has(line)) return;
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  if (environment.includes(`PATH=${site.bin}:`)) seen.add(line);
}
