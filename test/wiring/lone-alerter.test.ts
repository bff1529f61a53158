import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Configuration, loadConfiguration } from '../../src/config/load.ts';
import type { Situation } from '../../src/model/situation.ts';
import { readOutbox } from '../../src/records/alert-outbox.ts';
import { LoneAlerter } from '../../src/wiring/lone-alerter.ts';
import { conditionOf } from '../support/conditions.ts';
import { testProcesses } from '../support/file-backup.ts';
import { type Authority, makeAuthority } from '../support/receivers/authority.ts';
import { type HttpsReceiver, httpsReceiver } from '../support/receivers/https.ts';
import { never } from '../support/repository.ts';

let open: AsyncDisposableStack;
let authority: Authority;
let server: HttpsReceiver;
let state: string;
let configuration: Configuration;
let said: string[];
beforeEach(async () => {
  open = new AsyncDisposableStack();
  authority = open.use(await makeAuthority());
  server = open.use(await httpsReceiver(authority));
  state = await mkdtemp(path.join(tmpdir(), 'lone-alerter-'));
  open.defer(() => rm(state, { recursive: true }));
  said = [];
  configuration = loadConfiguration({
    STATE_DIR: state,
    WEBHOOK_URL: server.url,
    ALERT_CA_FILE: authority.file,
    WEBHOOK_FORMAT: 'generic',
    ALERT_GROUP: 'none',
  });
});
afterEach(() => open.disposeAsync());

const start = (): Promise<LoneAlerter> =>
  LoneAlerter.open(configuration, testProcesses, (line) => said.push(line), never);

function seen(...keys: readonly string[]): Situation {
  const conditions = keys.map((key) => conditionOf(key));
  return { at: new Date().toISOString(), conditions, services: [], volumes: [] } as unknown as Situation;
}

function told(): string[] {
  return server.received.map(({ body }) => (JSON.parse(body) as { alerts: { key: string }[] }).alerts[0]?.key ?? '');
}

/** So many were taken, and it is noted that they were. */
async function delivered(count: number): Promise<void> {
  await server.has(count);
  await vi.waitUntil(async () => (await readOutbox(state)).ledger.letters.length === 0, { timeout: 30_000 });
}

test('of two monitors one tells; the other takes over once that has ended, and repeats nothing', async () => {
  const first = await start();
  await using second = await start();
  for (const each of [first, second]) await each.observe(seen('a'), never);
  await delivered(1);
  expect(said).toEqual(['another monitor tells the alerts; this one begins when that has ended']);
  await first[Symbol.asyncDispose]();
  await second.observe(seen('a', 'b'), never);
  await delivered(2);
  expect(told()).toEqual(['a', 'b']);
  expect(said).toHaveLength(1);
});

test('where the lock cannot be had, alerts are told all the same', async () => {
  await mkdir(path.join(state, 'alerts', '.lock'), { recursive: true });
  await using alone = await start();
  await alone.observe(seen('a'), never);
  await server.has(1);
  expect(told()).toEqual(['a']);
  expect(said).toEqual([expect.stringMatching(/^whether another monitor tells the alerts is not known: /)]);
});

test('a file of authorities that is none is said before anything is looked at', async () => {
  await writeFile(authority.file, 'nothing');
  await expect(start()).rejects.toThrow(/ALERT_CA_FILE/);
});
