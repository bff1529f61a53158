import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { RecoveryJournal } from '../../src/journal/recovery-journal.ts';
import { replay } from '../../src/journal/recovery-state.ts';
import type { StagedHandle } from '../../src/model/source.ts';
import { testProcesses } from '../support/file-backup.ts';

const tools = { clock: systemClock, processes: testProcesses };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'journal-'));
});
afterEach(() => rm(directory, { recursive: true }));

const backup = 'postgres_daily_20260816_020000' as const;
const handle: StagedHandle = { version: 1, service: 'postgres', server: '1', backup, details: { staged: 'a' } };
const fileOf = (id: string): string => path.join(directory, 'recovery', `${id}.jsonl`);

async function begun(): Promise<RecoveryJournal> {
  const journal = new RecoveryJournal(directory, 'recovery_1', tools);
  await journal.append({ event: 'begun', backups: { postgres: backup } });
  return journal;
}

test('tells how far each service has come', async () => {
  const journal = await begun();
  const service = journal.forService('postgres');
  await service.handle(handle);
  await service.note({ renaming: 'a' });
  await journal.append({ event: 'staged', service: 'postgres' });
  await service.handle({ ...handle, details: { staged: 'b' } });
  const state = replay(await journal.events());
  expect(state).toMatchObject({ committed: false, outcome: undefined });
  expect(state.services).toEqual([
    {
      service: 'postgres',
      backup,
      handle: { ...handle, details: { staged: 'b' } },
      notes: [{ renaming: 'a' }],
      safety: undefined,
      last: 'staged',
    },
  ]);
  expect(await RecoveryJournal.ids(directory)).toEqual(['recovery_1']);
});

test('a line cut by a crash, at any byte, was never said, and the journal goes on after it', async () => {
  const journal = await begun();
  const { length } = await readFile(fileOf('recovery_1'));
  await journal.append({ event: 'handle', service: 'postgres', handle });
  await journal.append({ event: 'committed' });
  const whole = await readFile(fileOf('recovery_1'));
  for (let cut = length; cut < whole.length; cut += 1) {
    await truncate(fileOf('recovery_1'), length);
    await appendFile(fileOf('recovery_1'), whole.subarray(length, cut));
    expect(replay(await journal.events()).committed, `cut at ${cut}`).toBe(false);
    await journal.append({ event: 'ended', outcome: 'rolled-back' });
    expect(replay(await journal.events())).toMatchObject({ committed: false, outcome: 'rolled-back' });
  }
});

test('a line that is whole but cannot be read stops the recovery rather than being skipped', async () => {
  const journal = await begun();
  await appendFile(fileOf('recovery_1'), '{"at\n');
  await expect(journal.events()).rejects.toMatchObject({ kind: 'damaged' });
});

test('there are no recoveries where none was begun', async () => {
  expect(await RecoveryJournal.ids(directory)).toEqual([]);
});

test('a decision after the recovery opens it again, until it is carried out', async () => {
  const journal = await begun();
  const states = [];
  for (const event of [
    { event: 'committed' },
    { event: 'ended', outcome: 'recovered' },
    { event: 'undoing' },
    { event: 'ended', outcome: 'rolled-back' },
  ] as const) {
    await journal.append(event);
    const { decided, outcome } = replay(await journal.events());
    states.push([decided, outcome]);
  }
  expect(states).toEqual([
    [undefined, undefined],
    [undefined, 'recovered'],
    ['undoing', undefined],
    [undefined, 'rolled-back'],
  ]);
});

test('services that append at the same time lose none of their lines', async () => {
  const journal = await begun();
  const long = 'x'.repeat(5000); // longer than a page
  const notes = Array.from({ length: 40 }, (_, index) => ({ number: String(index), long }));
  const journals = notes.map(() => new RecoveryJournal(directory, 'recovery_1', tools));
  await Promise.all(journals.map((each, index) => each.forService('postgres').note(notes[index] ?? {})));
  expect(replay(await journal.events()).services[0]?.notes).toEqual(notes);
});

test('processes that append at the same time after a crash lose none of their lines', async () => {
  const journal = await begun();
  const script = path.join(import.meta.dirname, 'append-script.ts');
  for (let round = 0; round < 2; round += 1) {
    await appendFile(fileOf('recovery_1'), `{"event":"note","torn":"${'x'.repeat(5000)}`);
    const children = ['a', 'b', 'c'].map((name) =>
      spawn(process.execPath, [script, directory, `${name}${round}`], { stdio: 'inherit' }),
    );
    expect((await Promise.all(children.map((each) => once(each, 'exit')))).map(([code]) => code as unknown)).toEqual([
      0, 0, 0,
    ]);
  }
  const { services } = replay(await journal.events());
  expect(services[0]?.notes.map((each) => each['who']).toSorted()).toEqual(
    ['a', 'b', 'c'].flatMap((name) => [0, 1].flatMap((round) => Array.from({ length: 5 }, () => `${name}${round}`))),
  );
});
