import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertmanager } from '../../src/alerting/alertmanager.ts';
import { attempt } from '../../src/alerting/patience.ts';
import type { AlertState, KnownAlert } from '../../src/model/alerts.ts';
import { never } from '../agents/scene.ts';
import { conditionOf } from '../support/conditions.ts';
import { type RunningAlertmanager, startAlertmanager } from '../support/receivers/alertmanager.ts';

let running: RunningAlertmanager;
beforeAll(async () => {
  running = await startAlertmanager();
});
afterAll(() => running[Symbol.asyncDispose]());

const now = (): string => new Date().toISOString();
const firing = (...keys: readonly string[]): KnownAlert[] =>
  keys.map((key) => ({
    condition: conditionOf(key, { type: 'daily' }),
    since: '2026-01-01T00:00:00.000Z',
    toldAt: now(),
  }));
const watcher = (url: string) => alertmanager({ url, authorities: [], interval: 60 });

test('a real Alertmanager shows what fires until it is told that it is over', async () => {
  await watcher(running.url).tell({ known: firing('a', 'b'), ended: [] }, now(), never);
  const found = await running.shows((alerts) => alerts.length === 2);
  const [a] = found.toSorted((one, other) => ((one.labels['key'] ?? '') < (other.labels['key'] ?? '') ? -1 : 1));
  expect(a).toMatchObject({
    labels: {
      alertname: 'BackupStale',
      severity: 'warning',
      service: 'postgres',
      type: 'daily',
      key: 'a',
      source: 'physics-backup',
    },
    annotations: { summary: 'summary of a', description: 'what helps: physics-backup status' },
    startsAt: '2026-01-01T00:00:00.000Z',
  });
  const lasts = (Date.parse(a?.endsAt ?? '') - Date.now()) / 1000;
  expect(lasts).toBeGreaterThan(200);
  expect(lasts).toBeLessThanOrEqual(300);
  const over: AlertState = {
    known: firing('b'),
    ended: firing('a').map(({ condition, since }) => ({ condition, since, endedAt: now() })),
  };
  await watcher(`${running.url}/`).tell(over, now(), never);
  await running.shows((alerts) => alerts.map(({ labels }) => labels['key']).join() === 'b');
});

test('one under a path is reached there; one that is not there is said', async () => {
  const lost = `${running.url}/elsewhere`;
  const host = new URL(running.url).host;
  await expect(watcher(lost).tell({ known: firing('a'), ended: [] }, now(), never)).rejects.toMatchObject({
    message: `alertmanager (${host}) answered 404`,
    hint: 'see whether ALERTMANAGER_URL is right',
  });
  const nobody = attempt(
    (signal) => watcher('http://127.0.0.1:1').tell({ known: firing('a'), ended: [] }, now(), signal),
    never,
  );
  await expect(nobody).rejects.toMatchObject({ kind: 'unreachable' });
});
