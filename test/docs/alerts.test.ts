import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { webhookBody } from '../../src/alerting/webhook-bodies.ts';
import { SCHEMA, variablesOf } from '../../src/config/schema.ts';
import { messageOf } from '../support/alert-messages.ts';
import { conditionOf } from '../support/conditions.ts';

const document = await readFile(path.join(import.meta.dirname, '..', '..', 'docs', 'alerts.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block);

test('the command that checks a signature computes what we send', async () => {
  const command = blocks('sh').find((block) => block.includes('openssl')) ?? '';
  const directory = await mkdtemp(path.join(tmpdir(), 'docs-alerts-'));
  const body = webhookBody(messageOf(), 'generic');
  await writeFile(path.join(directory, 'body.json'), body);
  const env = { ...process.env, time: '1793498584', WEBHOOK_SECRET: 'signing-secret' };
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: directory, env });
  expect(stdout.trim()).toBe(createHmac('sha256', 'signing-secret').update(`1793498584.${body}`).digest('hex'));
  await rm(directory, { recursive: true });
});

test('the generic body has the fields that are written down', () => {
  const [example = ''] = blocks('json');
  const fields = (value: unknown): string[] => Object.keys(value as object).toSorted();
  const written = JSON.parse(example) as { alerts: object[] };
  const sent = JSON.parse(webhookBody(messageOf('firing', [conditionOf('a', { type: 'daily' })]), 'generic')) as {
    alerts: object[];
  };
  expect(fields(written)).toEqual(fields(sent));
  expect(fields(written.alerts[0])).toEqual(fields(sent.alerts[0]));
});

test('every setting of alerts is written down', () => {
  const names = variablesOf({ alerts: SCHEMA.alerts }).map(({ variable }) => variable.name);
  expect(names.filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
});

test('the commands that check the files for Prometheus find no fault', async () => {
  const command = blocks('sh').find((block) => block.includes('promtool')) ?? '';
  const { stdout } = await promisify(execFile)('sh', ['-ec', command], {
    cwd: path.join(import.meta.dirname, '..', '..'),
  });
  expect(stdout.match(/SUCCESS/g)?.length).toBeGreaterThanOrEqual(3);
});
