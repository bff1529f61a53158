import { type Arbitrary, assert, asyncProperty, oneof, string, uint8Array } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BackupError } from '../../../../src/base/errors.ts';
import { brokenSituation, healthySituation } from '../../../support/situations.ts';
import { type RunningMonitor, runMonitor } from '../rig.ts';
import { complaints, TOKEN } from './complaints.ts';
import { ROUTES } from './description.ts';
import { bytesOf, type Question, questionsFor, questionsForAnything } from './questions.ts';
import { ask } from './wire.ts';

const SEED = Number(process.env['PHYSICS_BACKUP_SEED'] ?? Date.now() % 1_000_000);
/** The first failure is shown as it came: to look for a smaller one takes minutes. */
const how = (numRuns: number) => ({ seed: SEED, numRuns, endOnFailure: true });

const blind = new BackupError("reading '/backups/postgres': EIO", { kind: 'failed' });

describe.each([
  { over: 'a healthy platform', found: healthySituation() },
  { over: 'a broken one', found: brokenSituation() },
  { over: 'one that cannot be seen', found: blind },
  { over: 'one that asks for a token, without it', found: healthySituation(), token: TOKEN },
  { over: 'one that asks for a token, with it', found: healthySituation(), token: TOKEN, given: `Bearer ${TOKEN}` },
])(`over $over (PHYSICS_BACKUP_SEED=${SEED})`, ({ found, token, given }) => {
  let monitor: RunningMonitor;
  const statuses = new Set<number>();
  beforeAll(async () => {
    monitor = await runMonitor(found, token === undefined ? {} : { token });
  });
  afterAll(() => monitor[Symbol.asyncDispose]());

  async function expectGoodAnswers(questions: Arbitrary<Question>, runs: number): Promise<void> {
    const locked = token !== undefined && given === undefined;
    const property = asyncProperty(questions, async (question) => {
      const answer = await ask(monitor.url, bytesOf(question, given));
      statuses.add(answer.status);
      const wrong = complaints({ question, answer, locked });
      if (wrong.length > 0) throw new Error(`${wrong.join(', ')}: ${JSON.stringify({ ...answer, question })}`);
    });
    await assert(property, how(runs));
    expect((await monitor.get('/healthz')).status).toBe(200);
  }

  test.each(ROUTES)('$path: every answer is as described, and tells nothing else', async ({ path, services }) => {
    await expectGoodAnswers(questionsFor(path, services), 25);
  });

  test('anything else: the same', async () => {
    await expectGoodAnswers(questionsForAnything, 120);
  });

  test('and what was asked was answered in many ways', () => {
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 405, ...(given === undefined ? [] : [404])]));
  });

  test('bytes that are no request are refused', async () => {
    const bytes = oneof(
      uint8Array({ minLength: 1, maxLength: 300 }),
      string({ unit: 'binary', minLength: 1, maxLength: 300 }).map((each) => Buffer.from(each)),
    ).filter((each) => Buffer.from(each).toString().trim() !== ''); // empty lines before a request are nothing
    const question = { route: undefined, method: '', address: '', host: '', headers: [], body: '' };
    const property = asyncProperty(bytes, async (each) => {
      const answer = await ask(monitor.url, Buffer.concat([each, Buffer.from('\r\n\r\n')]));
      expect(complaints({ question, answer, locked: token !== undefined })).toEqual([]);
      expect(answer.status).toBe(400);
    });
    await assert(property, how(40));
    expect((await monitor.get('/healthz')).status).toBe(200);
  });
});
