import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AlertMessage, KnownAlert, Letter } from '../../src/model/alerts.ts';
import { AlertOutbox, readOutbox } from '../../src/records/alert-outbox.ts';
import { conditionOf } from '../support/conditions.ts';

const AT = '2026-11-01T00:00:00.000Z';
const message = (id: string, kind: AlertMessage['kind'] = 'firing', group = 'platform'): AlertMessage => ({
  id,
  kind,
  at: AT,
  group,
  alerts: [{ condition: conditionOf('a'), since: AT }],
});
const to = (receiver: string, ...messages: readonly AlertMessage[]): Letter[] =>
  messages.map((each) => ({ receiver, message: each }));
const known = (...keys: readonly string[]): KnownAlert[] =>
  keys.map((key) => ({ condition: conditionOf(key), since: AT, toldAt: AT }));
const state = (...keys: readonly string[]) => ({ known: known(...keys), ended: [] });

let directory: string;
let complaints: string[];
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'outbox-'));
  complaints = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const opened = (): Promise<AlertOutbox> => AlertOutbox.open(directory, (line) => complaints.push(line));
const ids = (outbox: AlertOutbox, receiver: string): string[] => outbox.pending(receiver).map(({ id }) => id);

test('what was decided and not delivered is there after a restart', async () => {
  const outbox = await opened();
  const letters = [...to('email', message('1'), message('2', 'resolved')), ...to('webhook', message('1'))];
  const ended = [{ condition: conditionOf('z', { volume: 'data' }), since: AT, endedAt: AT }];
  await outbox.decide({ known: known('a', 'b'), ended }, ['email', 'webhook'], letters);
  await outbox.delivered('email', '1');
  const again = await opened();
  expect([ids(again, 'email'), ids(again, 'webhook')]).toEqual([['2'], ['1']]);
  expect(again.state).toMatchObject({ known: known('a', 'b'), ended });
  expect(again.receivers).toEqual(['email', 'webhook']);
  expect(complaints).toEqual([]);
  expect(await readdir(path.join(directory, 'alerts'))).toEqual(['outbox.jsonl']);
});

test('nothing is written where nothing changed', async () => {
  const outbox = await opened();
  await outbox.decide(state(), [], []);
  expect(await readdir(directory)).toEqual([]);
});

test('letters to a receiver that was taken away are given up', async () => {
  const outbox = await opened();
  await outbox.decide(state('a'), ['email', 'webhook'], [...to('email', message('1')), ...to('webhook', message('1'))]);
  await outbox.decide(state('a'), ['email'], []);
  expect([ids(outbox, 'email'), ids(outbox, 'webhook')]).toEqual([['1'], []]);
});

test('a receiver that is away for long is kept the newest two hundred, and one repetition of each group', async () => {
  const outbox = await opened();
  const many = Array.from({ length: 250 }, (_, index) => message(String(index)));
  await outbox.decide(state('a'), ['email'], to('email', ...many));
  expect([outbox.pending('email').length, ids(outbox, 'email')[0]]).toEqual([200, '50']);
  await outbox.decide(
    state('a'),
    ['email'],
    to('email', message('r1', 'repeated'), message('r2', 'repeated', 'redis')),
  );
  await outbox.decide(state('a'), ['email'], to('email', message('r3', 'repeated')));
  expect(ids(outbox, 'email').slice(-3)).toEqual(['249', 'r2', 'r3']);
});

test('changes at the same time are all kept', async () => {
  const outbox = await opened();
  await outbox.decide(state('a'), ['email'], to('email', ...['1', '2', '3', '4'].map((id) => message(id))));
  await Promise.all(['1', '3', '4'].map((id) => outbox.delivered('email', id)));
  expect(ids(await opened(), 'email')).toEqual(['2']);
});

describe('a damaged file', () => {
  /** Two alerts, two letters. */
  async function filled(): Promise<string> {
    const outbox = await opened();
    await outbox.decide(state('a', 'b'), ['email'], to('email', message('1'), message('2')));
    return outbox.file;
  }

  test.each([
    ['a torn end', (file: string) => truncate(file, 900)],
    ['garbage at its end', (file: string) => appendFile(file, '{"letter":{"rece')],
    ['a line that is something else', (file: string) => appendFile(file, '{"letter":{"receiver":"email"}}\n')],
    [
      'bytes overwritten',
      async (file: string) => writeFile(file, (await readFile(file, 'utf8')).replace('"a"', '\0\0')),
    ],
  ])('%s: what can be read is there, what fires is due again, and it is said', async (_, harm) => {
    const file = await filled();
    await harm(file);
    const outbox = await opened();
    expect(complaints).toMatchObject([/outbox.jsonl is damaged \(.*\): what fires is said again/]);
    expect(outbox.state.known.length).toBeGreaterThan(0);
    for (const each of outbox.state.known) expect(each).toMatchObject({ since: AT, toldAt: /^1970/ });
    await outbox.decide(state('c'), ['email'], to('email', message('3')));
    expect(ids(await opened(), 'email')).toContain('3');
    expect(complaints).toHaveLength(1); // the new file is whole
    expect((await readdir(path.dirname(file))).toSorted()).toEqual(['outbox.jsonl', 'outbox.jsonl.damaged']);
  });

  test('cut anywhere, it never blocks and never goes unnoticed', async () => {
    const file = await filled();
    const whole = await readFile(file);
    for (let length = 1; length < whole.length - 1; length += 7) {
      await writeFile(file, whole.subarray(0, length));
      expect((await readOutbox(directory)).damage).toBeDefined();
    }
    await writeFile(file, whole);
    expect((await readOutbox(directory)).damage).toBeUndefined();
  });

  test.each(['2026-02-30T00:00:00.000Z', '2026-11-01T00:00:00.000+01:00', '2026-11-01 00:00:00.000Z', 'yesterday'])(
    'a moment that is none of ours: %s',
    async (moment) => {
      const file = await filled();
      const whole = await readFile(file, 'utf8');
      await writeFile(file, whole.replace(`"since":"${AT}"`, `"since":"${moment}"`));
      expect((await readOutbox(directory)).damage).toMatch(/^1 of \d+ lines cannot be read$/);
    },
  );

  test('a directory in its place', async () => {
    await mkdir(path.join(directory, 'alerts', 'outbox.jsonl'), { recursive: true });
    const outbox = await opened();
    expect(complaints).toMatchObject([/EISDIR/]);
    await outbox.decide(state('a'), ['email'], to('email', message('1')));
    expect(ids(outbox, 'email')).toEqual(['1']);
    expect(complaints[1]).toMatch(/kept in memory only/);
  });
});

test('a disk that takes nothing: said once, kept in memory, written once it works again', async () => {
  const outbox = await opened();
  await writeFile(path.join(directory, 'alerts'), 'a file in the way');
  await outbox.decide(state('a'), ['email'], to('email', message('1'), message('2')));
  await outbox.delivered('email', '1');
  expect(ids(outbox, 'email')).toEqual(['2']);
  expect(complaints).toMatchObject([/^alerts are kept in memory only: /]);
  await rm(path.join(directory, 'alerts'));
  await outbox.decide(state('a'), ['email'], []);
  expect(ids(await opened(), 'email')).toEqual(['2']);
});
