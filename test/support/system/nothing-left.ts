import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { testProcesses } from '../file-backup.ts';
import { SERVICES } from '../../../src/model/vocabulary.ts';
import { strangersOf } from './strangers.ts';
import type { Site } from './site.ts';

const PATIENCE_MILLISECONDS = 20_000;

/**
 * What a run left that it should not have: sentences, [] when all is in order. Processes that are just ending are
 * waited for; nothing else is. `daemons` are to go on.
 */
export async function leftovers(site: Site, daemons: readonly number[] = []): Promise<string[]> {
  const found = await Promise.all([
    survivors(site, daemons),
    filesLeft(site),
    heldLocks(site),
    openRecoveries(site),
    entriesLeft(path.join(site.state, 'work')),
    entriesLeft(path.join(site.state, 'sandboxes')),
    entriesLeft(site.temporary),
    strangersOf(site),
  ]);
  return found.flat();
}

/** Children of the program carry the site's own directory in their PATH. */
export async function childrenOf(site: Site, besides: readonly number[] = []): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && !besides.includes(Number(name)));
  const found = await Promise.all(pids.map((pid) => describeChild(pid, site)));
  return found.filter((each) => each !== undefined);
}

async function describeChild(pid: string, site: Site): Promise<string | undefined> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  if (!environment.includes(`PATH=${site.bin}:`)) return undefined;
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return words === '' ? undefined : `process ${pid}: ${words.split('\0').join(' ').trim()}`; // empty: a zombie
}

async function survivors(site: Site, daemons: readonly number[]): Promise<string[]> {
  const until = performance.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const alive = await childrenOf(site, daemons);
    if (alive.length === 0 || performance.now() > until) return alive;
    await delay(50);
  }
}

/** Temporary files anywhere, and files of a backup that has no manifest outside of `.orphans`. */
async function filesLeft(site: Site): Promise<string[]> {
  const files = await filesBelow(site.backups);
  const own = [...files, ...(await filesBelow(site.state)), ...(await filesBelow(site.secrets))];
  const unfinished = own.filter((file) => file.endsWith('.part')).map((file) => `unfinished file ${file}`);
  const uncommitted = files
    .filter((file) => isOfBackup(file) && !files.includes(manifestOf(file)))
    .map((file) => `file without a manifest ${file}`);
  return [...unfinished, ...uncommitted];
}

function isOfBackup(file: string): boolean {
  return /^[a-z0-9]+_[a-z]+_\d{8}_\d{6}\./.test(path.basename(file)) && !file.includes('/.orphans/');
}

function manifestOf(file: string): string {
  const [id = ''] = path.basename(file).split('.');
  return path.join(path.dirname(file), `${id}.metadata.json`);
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((each) => !each.isDirectory()).map((each) => path.join(each.parentPath, each.name));
}

async function heldLocks(site: Site): Promise<string[]> {
  const files = [
    ...SERVICES.flatMap((each) => ['.lock', '.records.lock'].map((name) => path.join(site.backups, each, name))),
    path.join(site.state, 'recovery', '.lock'),
  ];
  const existing = new Set([...(await filesBelow(site.backups)), ...(await filesBelow(site.state))]);
  const held = await Promise.all(files.filter((each) => existing.has(each)).map((each) => isHeld(each)));
  return held.flat();
}

async function isHeld(file: string): Promise<string[]> {
  const command = { file: 'flock', args: ['-n', '-E', '75', file, 'true'], okCodes: [0, 75] };
  const { code } = await testProcesses.start(command, {}, new AbortController().signal).ended;
  return code === 0 ? [] : [`held lock ${file}`];
}

/** Journals that say no end: the next run would have to act. */
async function openRecoveries(site: Site): Promise<string[]> {
  const journals = (await filesBelow(path.join(site.state, 'recovery'))).filter((file) => file.endsWith('.jsonl'));
  const open = await Promise.all(
    journals.map(async (file) => ((await readFile(file, 'utf8')).includes('"event":"ended"') ? [] : [file])),
  );
  return open.flat().map((file) => `recovery without an end ${file}`);
}

async function entriesLeft(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.map((name) => `left in ${directory}: ${name}`);
}
