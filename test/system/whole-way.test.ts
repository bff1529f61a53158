import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { destroyAll } from '../../platform/data/destroy.ts';
import { FINGERPRINTS } from '../../platform/fingerprint/all.ts';
import { differences } from '../../platform/fingerprint/compare.ts';
import type { Fingerprint } from '../../platform/fingerprint/fingerprint.ts';
import { systemCode } from '../../src/base/errors.ts';
import { type Service, SERVICES } from '../../src/model/vocabulary.ts';
import { damaged, filesOf, flip } from '../support/system/damage.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { type OwnServices, startServices } from '../support/system/own-services.ts';
import { complaintOf } from '../support/system/program.ts';
import { filesWith, watchCommandLines } from '../support/system/secrets.ts';
import { type BorrowedNeo4j, borrowNeo4j } from '../support/system/shared-neo4j.ts';
import { openSite, type Site } from '../support/system/site.ts';

type State = Readonly<Record<Service, Fingerprint>>;

let services: OwnServices;
let neo4j: BorrowedNeo4j;
let site: Site;
let live: Readonly<Record<string, string>>;
let filled: State;
let backups: Record<string, string>;

beforeAll(async () => {
  [services, neo4j] = await Promise.all([startServices(['postgres', 'redis', 'application']), borrowNeo4j()]);
  live = { ...services.environment, ...neo4j.environment };
  site = await openSite(SERVICES, live);
  filled = await stateNow();
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await neo4j[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
});

/** Of all four services; a database that is gone holds nothing. */
async function stateNow(): Promise<State> {
  const states = SERVICES.map(async (service): Promise<readonly [Service, Fingerprint]> => {
    const state = FINGERPRINTS[service](live).catch((error: unknown) => {
      if (systemCode(error) === '3D000') return {};
      throw error;
    });
    return [service, await state];
  });
  return Object.fromEntries(await Promise.all(states)) as State;
}

/** What differs from a state, of all four services; empty when all is as it was. */
async function changesSince(state: State): Promise<Record<string, string[]>> {
  const now = await stateNow();
  const changes = SERVICES.map((service) => [service, differences(state[service], now[service]).slice(0, 5)] as const);
  return Object.fromEntries(changes.filter(([, differing]) => differing.length > 0));
}

describe('the whole way, with four real services', () => {
  test('all are backed up as one recovery point, and checked', async () => {
    const document = await site.good(['backup', 'all', 'daily']);
    const taken = document['backups'] as { id: string; service: string; consistency: string; suspect: string[] }[];
    backups = Object.fromEntries(taken.map(({ service, id }) => [service, id]));
    expect(document['recoveryPoint']).toMatch(/^point_\d{8}_\d{6}$/);
    expect(Object.keys(backups).toSorted()).toEqual([...SERVICES].toSorted());
    expect(taken.every((each) => each.consistency === 'consistent' && each.suspect.length === 0)).toBe(true);
    expect(await changesSince(filled)).toEqual({});
    expect(await leftovers(site)).toEqual([]);
  });

  test('they are listed, shown and validated', async () => {
    const { backups: listed } = await site.good(['list']);
    expect((listed as { verified: boolean }[]).map((each) => each.verified)).toEqual([true, true, true, true]);
    for (const id of Object.values(backups)) expect(await site.good(['show', id])).toMatchObject({ backup: { id } });
    await site.good(['validate', '--all']);
    await site.good(['doctor']);
  });

  test('after a disaster everything comes back as it was', async () => {
    await destroyAll(live);
    const destroyed = await stateNow();
    expect(Object.keys(await changesSince(filled)).toSorted()).toEqual([...SERVICES].toSorted());
    await site.good(['recover', 'latest']);
    expect(await changesSince(filled)).toEqual({});

    await site.good(['recover', 'rollback']);
    const rolledBack = await changesSince(destroyed);
    delete rolledBack['postgres']; // roles that came back stay: another database may have begun to use them
    expect(rolledBack).toEqual({});

    await site.good(['recover', 'latest']);
    expect(await changesSince(filled)).toEqual({});
    await site.good(['recover', 'finish']);
    expect(await changesSince(filled)).toEqual({});
    expect(await leftovers(site)).toEqual([]);
  });

  test.each(SERVICES)('%s is restored alone', async (service) => {
    await site.good(['restore', backups[service] ?? '']);
    await site.good(['recover', 'finish']);
    expect(await changesSince(filled)).toEqual({});
    expect(await leftovers(site)).toEqual([]);
  });
});

test("neo4j's password is in no file and no command line", async () => {
  const password = live['NEO4J_PASSWORD'] ?? '';
  const done = new AbortController();
  const watched = watchCommandLines(site, done.signal);
  await site.good(['backup', 'neo4j', 'hourly']);
  done.abort();
  expect([...(await watched)].filter((line) => line.includes(password))).toEqual([]);
  for (const directory of [site.logs, site.backups, site.state])
    expect(await filesWith(directory, [password])).toEqual([]);
});

describe('a failure in one service after the others were staged leaves all four as they were', () => {
  test('the last byte of the application', async () => {
    const files = await filesOf(site, backups['application'] ?? '');
    const tar = files.find((file) => file.endsWith('.tar.zst.enc')) ?? '';
    await using _damaged = await damaged(tar, (bytes) => flip(bytes.length - 1)(bytes));
    const run = await site.run(['--quiet', 'recover', 'latest'], { environment: { PARALLEL_RECOVERY: 'false' } });
    const { errors, hints, notes } = complaintOf(run);
    expect({ code: run.code, errors, hints, notes }).toEqual({
      code: 3,
      errors: [expect.stringMatching(/^application/)],
      hints: [expect.any(String)],
      notes: ['nothing live was changed'],
    });
    expect(await changesSince(filled)).toEqual({});
    expect(await leftovers(site)).toEqual([]);
  });

  test("neo4j's installation is missing", async () => {
    const run = await site.run(['--quiet', 'recover', 'latest'], { environment: { NEO4J_HOME: '/not/there' } });
    const { errors, hints } = complaintOf(run);
    expect({ code: run.code, errors, hints }).toEqual({
      code: 7,
      errors: [expect.stringMatching(/^neo4j: .*\/not\/there/)],
      hints: [expect.stringMatching(/NEO4J_HOME/)],
    });
    expect(await changesSince(filled)).toEqual({});
    expect(await leftovers(site)).toEqual([]);
  });

  test('an interrupt at the second swap', async () => {
    const crash = { PHYSICS_BACKUP_INTERRUPT_AT: 'swap.intended#2' };
    const run = await site.run(['--quiet', 'recover', 'latest'], { environment: crash });
    expect(run.code).toBe(130);
    expect(await changesSince(filled)).toEqual({});
    expect(await leftovers(site)).toEqual([]);
  });

  test('a kill between two swaps: the next run puts back what was swapped', async () => {
    const run = await site.run(['recover', 'latest'], { environment: { PHYSICS_BACKUP_CRASH_AT: 'swap.done#3' } });
    expect(run.killedBy).toBe('SIGKILL');
    await site.good(['recover', 'resume']);
    expect(await changesSince(filled)).toEqual({});
    expect(await leftovers(site)).toEqual([]);
  });
});
