import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { campaignRounds, campaignSeed, randomFrom } from '../support/campaign.ts';
import { CHANGE, type Fingerprint, fingerprintOf, nameState } from '../support/system/live.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import type { CheapService } from '../support/system/own-services.ts';
import type { ProgramRun } from '../support/system/program.ts';
import { openRig, type Rig } from '../support/system/rig.ts';

const SERVICES: readonly CheapService[] = ['postgres', 'redis', 'application'];
const ROUNDS = campaignRounds({ sample: 10, full: 200 });

let rig: Rig;
let random: () => number;
const states: Record<string, Record<string, Fingerprint>> = {};

beforeAll(async () => {
  random = randomFrom(campaignSeed('kills at random moments'));
  rig = await openRig(SERVICES);
  await rig.site.good(['backup', 'all', 'daily']);
  for (const service of SERVICES) states[service] = { old: await fingerprintOf(service, rig.site.environment) };
  for (const service of SERVICES) await change(service);
});
afterAll(() => rig[Symbol.asyncDispose]());

async function change(service: CheapService): Promise<void> {
  await CHANGE[service](rig.site.environment);
  Object.assign(states[service] ?? {}, { new: await fingerprintOf(service, rig.site.environment) });
}

/** What all services hold: `old` or `new`, never one of them the one and one the other. */
async function state(): Promise<string> {
  const found = await Promise.all(SERVICES.map((each) => nameState(each, rig.site.environment, states[each] ?? {})));
  return [...new Set(found)].join(', ');
}

/** Runs a command and kills it after this many milliseconds, unless it has ended by then. */
async function killedAfter(milliseconds: number, args: readonly string[]): Promise<ProgramRun> {
  let program: ChildProcess | undefined;
  const run = rig.site.run(args, { started: (child) => (program = child) });
  await Promise.race([delay(milliseconds), run]);
  program?.kill('SIGKILL');
  return await run;
}

/** How long a whole run takes, so that kills fall into all of it. */
async function durationOf(args: readonly string[]): Promise<number> {
  const start = performance.now();
  await rig.site.good(args);
  return performance.now() - start;
}

function listed(document: Readonly<Record<string, unknown>>): number {
  return (document['backups'] as unknown[]).length;
}

test('a backup that is killed at any moment leaves whole backups, and the next run needs no help', async () => {
  const whole = await durationOf(['backup', 'all', 'hourly']);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = listed(await rig.site.good(['list']));
    const { killedBy } = await killedAfter(random() * whole, ['backup', 'all', 'hourly']);
    const after = listed(await rig.site.good(['list']));
    await rig.site.good(['backup', 'all', 'hourly']);
    expect(listed(await rig.site.good(['validate', '--all']))).toBe(after + SERVICES.length);
    expect(after - before).toBeLessThanOrEqual(SERVICES.length);
    expect(await leftovers(rig.site)).toEqual([]);
    expect(await state()).toBe('new');
    process.stderr.write(
      `backup: ${round} of ${ROUNDS} (${killedBy ?? 'ended before the kill'}, ${after - before} left)\n`,
    );
  }
});

test('a recovery that is killed at any moment ends whole at the next run', async () => {
  const whole = await durationOf(['recover', 'daily']);
  expect(await state()).toBe('old');
  await rig.site.good(['recover', 'rollback']);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { killedBy } = await killedAfter(random() * whole, ['recover', 'daily']);
    await rig.site.good(['recover', 'resume']);
    const ended = await state();
    expect(['old', 'new']).toContain(ended);
    if (ended === 'old') await rig.site.good(['recover', 'rollback']);
    expect(await state()).toBe('new');
    expect(await leftovers(rig.site)).toEqual([]);
    process.stderr.write(`recover: ${round} of ${ROUNDS} (${killedBy ?? 'ended before the kill'}: ${ended})\n`);
  }
});
