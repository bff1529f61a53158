import { afterAll, beforeAll, expect, test } from 'vitest';
import { chanceOf } from '../support/random.ts';
import { CHANGE, type Fingerprint, fingerprintOf, nameState } from '../support/system/live.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import type { CheapService } from '../support/system/own-services.ts';
import { openRig, type Rig } from '../support/system/rig.ts';

const SERVICES: readonly CheapService[] = ['postgres', 'redis', 'application'];
const FULL = process.env['PHYSICS_BACKUP_CAMPAIGN'] === 'full';
const KILLS = FULL ? 200 : 10;
const SEED = Number(process.env['PHYSICS_BACKUP_SEED'] ?? Date.now() % 1_000_000);

let rig: Rig;
const old: Partial<Record<CheapService, Fingerprint>> = {};
const changed: Partial<Record<CheapService, Fingerprint>> = {};
/** Milliseconds that each command takes when nobody kills it. */
const usual: Record<string, number> = {};

beforeAll(async () => {
  rig = await openRig(SERVICES);
  const { site } = rig;
  for (const each of SERVICES) old[each] = await fingerprintOf(each, site.environment);
  await timed('backup', ['backup', 'all', 'daily']);
  for (const each of SERVICES) {
    await CHANGE[each](site.environment);
    changed[each] = await fingerprintOf(each, site.environment);
  }
  await timed('recover', ['recover', 'daily']);
  expect(await states()).toEqual(SERVICES.map(() => 'old'));
  await site.good(['recover', 'rollback']);
  expect(await states()).toEqual(SERVICES.map(() => 'changed'));
});
afterAll(() => rig[Symbol.asyncDispose]());

async function timed(name: string, args: readonly string[]): Promise<void> {
  const start = performance.now();
  await rig.site.good(args);
  usual[name] = performance.now() - start;
}

function states(): Promise<string[]> {
  return Promise.all(
    SERVICES.map((each) => {
      const known = { old: old[each] ?? {}, changed: changed[each] ?? {} };
      return nameState(each, rig.site.environment, known);
    }),
  );
}

async function kill(name: string, args: readonly string[], share: number): Promise<string> {
  const after = share * (usual[name] ?? 0);
  let timer: NodeJS.Timeout | undefined;
  const run = await rig.site.run(args, {
    started: (child) => {
      timer = setTimeout(() => child.kill('SIGKILL'), after);
    },
  });
  clearTimeout(timer);
  return `${args.join(' ')}, SIGKILL after ${after.toFixed(0)} ms: ${run.killedBy ?? `ended with ${String(run.code)}`}`;
}

/** All services are what they were, or all are recovered; the next run needs nobody's help and leaves nothing. */
async function expectWhole(what: string): Promise<void> {
  const { site } = rig;
  const resumed = await site.run(['recover', 'resume']);
  expect({ what, code: resumed.code, stderr: resumed.stderr }).toMatchObject({ code: 0 });
  const [first = '', ...others] = await states();
  expect(['old', 'changed'], what).toContain(first);
  expect(others, what).toEqual(others.map(() => first));
  if (first === 'old') await site.good(['recover', 'rollback']);
  await site.good(['backup', 'all', 'hourly']);
  expect({ what, left: await leftovers(site) }).toEqual({ what, left: [] });
  expect({ what, states: await states() }).toEqual({ what, states: SERVICES.map(() => 'changed') });
}

test(`${KILLS} kills at random moments leave all or nothing (seed ${SEED})`, async () => {
  const chance = chanceOf(SEED); // the moments are as exact as the machine's clock
  for (let done = 0; done < KILLS; done += 1) {
    const recovers = chance.next() < 0.6;
    const share = chance.next() * 1.05;
    const args = recovers ? ['recover', 'daily'] : ['backup', 'all', 'weekly'];
    const what = await kill(recovers ? 'recover' : 'backup', args, share);
    await expectWhole(what);
    console.log(`seed ${SEED}: ${done + 1} of ${KILLS}: ${what}`);
  }
});
