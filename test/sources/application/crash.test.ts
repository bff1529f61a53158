import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { damagedTrees } from './scene.ts';

const OF_SWAP = ['application.staged', 'application.moved-away', 'application.moved-in'];
const OF_ROLLBACK = ['application.moved-out', 'application.moved-back'];

describe.each(['beside', 'inside'] as const)('exchanged %s', (where) => {
  test.each(OF_SWAP)('killed at %s, a restore can be ended either way by the next run', async (point) => {
    await using forward = await damagedTrees(where);
    await forward.runUntilKilled('swap', point);
    await using staged = await forward.attach();
    await staged.swap(forward.context);
    expect(await staged.state(forward.context)).toBe('swapped');
    expect(forward.look().map(withoutContainer)).toEqual(forward.captured.map(withoutContainer));
    await staged.finish(forward.context);
    expect(forward.look()).toEqual(forward.captured);
    expect(forward.leftovers()).toEqual([]);

    await using back = await damagedTrees(where);
    await back.runUntilKilled('swap', point);
    await using other = await back.attach();
    await other.rollback(back.context);
    expect(await other.state(back.context)).toBe('rolled-back');
    await other.discard(back.context);
    expect(back.look()).toEqual(back.damaged);
    expect(back.leftovers()).toEqual([]);
  });

  test.each(OF_ROLLBACK)('killed at %s of a rollback, the next run ends it', async (point) => {
    await using scene = await damagedTrees(where);
    await scene.runUntilKilled('rollback', point);
    await using staged = await scene.attach();
    await staged.rollback(scene.context);
    await staged.discard(scene.context);
    expect(scene.look()).toEqual(scene.damaged);
    expect(scene.leftovers()).toEqual([]);
  });
});

test('killed in the middle of an extraction, nothing live was touched and the next run removes the rest', async () => {
  await using scene = await damagedTrees();
  await scene.runUntilKilled('swap', 'application.extracting');
  expect(scene.leftovers()).toHaveLength(2);
  await using staged = await scene.attach();
  expect(await staged.state(scene.context)).toBe('staging');
  await expect(staged.swap(scene.context)).rejects.toMatchObject({ kind: 'failed' });
  await staged.rollback(scene.context);
  await staged.discard(scene.context);
  expect(scene.look()).toEqual(scene.damaged);
  expect(scene.leftovers()).toEqual([]);
});

test('killed between two entries of a mount point, the next run goes on or back', async () => {
  for (const [point, way] of [
    ['application.moved-away', 'forward'],
    ['application.moved-away', 'back'],
    ['application.moved-in', 'forward'],
    ['application.moved-in', 'back'],
  ] as const) {
    await using scene = await damagedTrees('inside');
    await scene.runUntilKilled('swap', point);
    undoOneMove(scene.uploads, point);
    await using staged = await scene.attach();
    expect(await staged.state(scene.context)).toBe('swapping');
    await (way === 'forward' ? staged.swap(scene.context) : staged.rollback(scene.context));
    expect(scene.look().map(withoutContainer)).toEqual(
      (way === 'forward' ? scene.captured : scene.damaged).map(withoutContainer),
    );
  }
});

test('a directory that the application made anew in the middle is not overwritten', async () => {
  await using scene = await damagedTrees();
  await scene.runUntilKilled('swap', 'application.moved-away');
  writeFileSync(scene.uploads, 'something new');
  await using staged = await scene.attach();
  await expect(staged.swap(scene.context)).rejects.toMatchObject({ kind: 'failed' });
  await expect(staged.rollback(scene.context)).rejects.toMatchObject({ kind: 'failed' });
  renameSync(scene.uploads, `${scene.uploads}.made-anew`);
  await staged.rollback(scene.context);
  expect(scene.look()).toEqual(scene.damaged);
});

/** As if the kill had come one entry earlier. */
function undoOneMove(live: string, point: string): void {
  const container = path.join(
    live,
    readdirSync(live).find((name) => name.startsWith('.physics-backup-restore-')) ?? '',
  );
  const entry = 'empty directory';
  if (point === 'application.moved-away')
    renameSync(path.join(container, 'replaced files', entry), path.join(live, entry));
  else renameSync(path.join(live, entry), path.join(container, 'uploads', entry));
}

/** Until finish or discard, our own container lies in a mount point. */
function withoutContainer(print: string): string {
  const lines = print.split('\0').filter((line) => !line.includes('.physics-backup-restore-'));
  return lines.map((line) => line.replace(/^(d \S+ \S+ \S+) \d+ /, '$1 ')).join('\0');
}
