import { describe, expect, test } from 'vitest';
import { destroyAll } from '../../platform/data/destroy.ts';
import { fingerprint } from '../../platform/fingerprint/all.ts';
import { differences } from '../../platform/fingerprint/compare.ts';
import { SERVICES } from '../../src/model/vocabulary.ts';
import { blockAfter, typed } from './support/readme.ts';
import { engine, rig } from './support/rig.ts';

describe.runIf(engine)('the way of the README, in containers', () => {
  test('all containers are healthy within a minute of `up`', () => {
    const { upSeconds } = rig().shared;
    process.stdout.write(`from up to all healthy: ${upSeconds.toFixed(1)} s\n`);
    expect(upSeconds).toBeLessThan(60);
  });

  test('a first backup of all services is proven, and survives their loss', async () => {
    const { shared, stack } = rig();
    const before = await fingerprint(shared.environment);
    const held = await stack.manifests();

    const taken = await typed(await blockAfter('### First backup, proven'), stack);
    expect(taken.stdout).toMatch(/recovery point point_\d{8}_\d{6}: 4 services/);
    expect(await stack.manifests()).toHaveLength(held.length + SERVICES.length);

    await destroyAll(shared.environment);
    const recovered = await typed(await blockAfter('### After a disaster'), stack);
    expect(recovered.stdout).toMatch(/recovered in /);

    const after = await fingerprint(shared.environment);
    for (const service of SERVICES) expect(differences(before[service], after[service]), service).toEqual([]);
  });

  test('what all containers wrote belongs to user 1000', async () => {
    const { stack } = rig();
    expect(await stack.strangersFiles()).toEqual([]);
  });
});
