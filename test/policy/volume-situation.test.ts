import { expect, test } from 'vitest';
import { assess } from '../../src/policy/situation.ts';
import { fullInSeconds } from '../../src/policy/volume-situation.ts';
import { ASKED, known, serviceKnown, summary } from '../support/knowledge.ts';

const NOW = '2026-08-16T08:00:00.000Z';

/** What was free in the hours before now. */
function samples(hours: number, free: (hoursAgo: number) => number) {
  return Array.from({ length: hours }, (_, index) => {
    const ago = hours - index;
    return { volume: 'a', at: new Date(Date.parse(NOW) - ago * 3_600_000).toISOString(), free: free(ago) };
  });
}

test('a volume that lost ten bytes an hour is full when what is free has gone at that rate', () => {
  const falling = [...samples(48, (ago) => 500 + ago * 10), { volume: 'a', at: NOW, free: 500 }];
  expect(fullInSeconds(falling)).toBeCloseTo(50 * 3600, 3);
});

test.each([
  ['that does not change', samples(48, () => 500)],
  ['that is emptied', samples(48, (ago) => 1000 - ago)],
  ['of which little is known', samples(3, (ago) => ago)],
  ['that was looked at for an hour', samples(1, (ago) => ago)],
  ['that nobody looked at', []],
  ['that will last for years', samples(48, (ago) => 1_000_000 + ago)],
])('nothing is said of one %s', (_, given) => {
  expect(fullInSeconds(given)).toBeUndefined();
});

test('a volume that will be full in days is told of; the trend of a month ago does not count', () => {
  const service = serviceKnown([summary('postgres', 'daily', '2026-08-16T02:00:00.000Z')]);
  const volumes = [{ volume: 'a', size: 100_000, free: 50_000 }];
  const soon = assess(
    { ...known(NOW, [service]), volumes, samples: samples(100, (ago) => 50_000 + ago * 1000) },
    ASKED,
  );
  expect(soon.conditions).toMatchObject([{ key: 'volume-filling:a', severity: 'warning', volume: 'a' }]);
  expect(soon.volumes[0]?.fullInSeconds).toBeCloseTo(50 * 3600, -1);
  const monthAgo = (at: string): string => new Date(Date.parse(at) - 30 * 86_400_000).toISOString();
  const old = samples(100, (ago) => 50_000 + ago * 1000).map(({ at, free }) => ({
    volume: 'a',
    at: monthAgo(at),
    free,
  }));
  expect(assess({ ...known(NOW, [service]), volumes, samples: old }, ASKED).conditions).toEqual([]);
});
