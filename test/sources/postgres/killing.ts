import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessFailed, type RunningProcess } from '../../../src/base/processes.ts';
import type { StagedHandle } from '../../../src/model/source.ts';
import { type FileBackup, MemoryJournal, testProcesses } from '../../support/file-backup.ts';
import type { Errand } from './killed-process.ts';
import type { Workplace } from './workplace.ts';

/** Stages in a process of its own, does the verbs, and is killed. What it journalled is what is left of it. */
export async function runUntilKilled(
  place: Workplace,
  backup: FileBackup,
  killAt: string,
  verbs: Errand['verbs'],
): Promise<MemoryJournal> {
  const { child, journalFile } = await start(place, backup, killAt, verbs);
  const error = await failureOf(child);
  if (!(error instanceof ProcessFailed) || error.code !== null) throw error;
  return await readJournal(journalFile);
}

/** The same, killed from outside after some time. Resolves to an empty journal when that was before the first line. */
export async function killAfter(
  place: Workplace,
  backup: FileBackup,
  milliseconds: number,
  verbs: Errand['verbs'],
): Promise<MemoryJournal> {
  const { child, journalFile } = await start(place, backup, '', verbs);
  await Promise.race([delay(milliseconds), failureOf(child)]);
  kill(child);
  await failureOf(child);
  return await readJournal(journalFile).catch(() => new MemoryJournal());
}

let runs = 0;

async function start(place: Workplace, backup: FileBackup, killAt: string, verbs: Errand['verbs']) {
  runs += 1;
  const journalFile = path.join(place.directory, `journal-${runs}.jsonl`);
  const errandFile = path.join(place.directory, `errand-${runs}.json`);
  const errand: Errand = { settings: place.nasty.settings, backup, journalFile, verbs, killAt };
  await writeFile(errandFile, JSON.stringify(errand), { mode: 0o600 });
  const script = path.join(import.meta.dirname, 'killed-process.ts');
  const child = testProcesses.start({ file: process.execPath, args: [script, errandFile] }, {}, place.context.signal);
  return { child, journalFile };
}

function failureOf(child: RunningProcess): Promise<unknown> {
  return child.ended.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

/** Ends the process and what it started. It may have ended by itself already. */
function kill(child: RunningProcess): void {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function readJournal(file: string): Promise<MemoryJournal> {
  const journal = new MemoryJournal();
  for (const line of (await readFile(file, 'utf8')).trim().split('\n')) {
    const { handle, note } = JSON.parse(line) as { handle?: StagedHandle; note?: Record<string, string> };
    if (handle !== undefined) journal.handles.push(handle);
    if (note !== undefined) journal.notes.push(note);
  }
  return journal;
}
