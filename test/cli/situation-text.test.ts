import { expect, test } from 'vitest';
import { situationText } from '../../src/cli/situation-text.ts';
import type { Situation } from '../../src/model/situation.ts';
import { assess } from '../../src/policy/situation.ts';
import { ASKED, known, serviceKnown } from '../support/knowledge.ts';
import {
  brokenSituation,
  firstDaySituation,
  healthySituation,
  MORNING,
  unmountedSituation,
} from '../support/situations.ts';
import { SERVICES } from '../../src/model/vocabulary.ts';

const lines = (situation: Situation): string[] => situationText(situation).split('\n');

test.each([
  ['healthy', healthySituation(), 'RECOVERABLE: yes, to 2026-11-23 02:00 UTC (8 h ago), in about 14 min'],
  ['broken', brokenSituation(), 'RECOVERABLE: NO - neo4j has no backup that is whole and verified'],
  ['new', firstDaySituation(), 'RECOVERABLE: yes, to 2026-11-23 02:00 UTC (8 h ago), in about 14 min'],
  ['unmounted', unmountedSituation(), 'RECOVERABLE: NOT KNOWN - the backups cannot be read: there is no directory'],
])('of a %s platform the first line is what matters, and none is wider than a mail', (_, situation, first) => {
  const text = lines(situation);
  expect(text[0]).toBe(first);
  const breakable = text.filter((line) => line.length > 80 && !/^\s*\S+$/.test(line));
  expect(breakable).toEqual([]);
});

test('a duration that is not known fits into the first line, however old the backup', () => {
  const { estimatedSeconds: _, ...recovery } = healthySituation().recovery;
  const old = { ...recovery, from: new Date(Date.parse(MORNING) - 119 * 60_000).toISOString() };
  expect(lines({ ...healthySituation(), recovery: old })[0]).toBe(
    'RECOVERABLE: yes, to 2026-11-23 07:31 UTC (119 min ago), duration not known',
  );
});

test('what is not known is not counted, and what there is none of is not good', () => {
  const unread = lines(unmountedSituation()).filter((line) => line.startsWith('postgres '));
  expect(unread).toHaveLength(2);
  for (const each of unread) expect(each).toMatch(/^postgres +\w+ +unknown +unknown +- +\? /);
  const [daily, weekly] = lines(firstDaySituation()).filter((line) => line.startsWith('postgres '));
  expect(daily).toMatch(/^postgres +daily +ok +8 h ago +1\.1 GiB +1 /);
  expect(weekly).toMatch(/^postgres +weekly +none +none +- +0 /);
});

test('what several services need is said once', () => {
  const text = situationText(firstDaySituation());
  expect(text).toContain('NEEDS YOU: 1\n');
  expect(text).toContain(' ! postgres, neo4j, redis, application: no scheduler runs here');
  expect(text).toContain('likewise neo4j, redis, application');
});

test('where nothing was ever backed up, the command is the one that does', () => {
  const services = SERVICES.map((service) => serviceKnown([], { service, schedules: [] }));
  const situation = assess(known(MORNING, services), { ...ASKED, services: SERVICES });
  const text = situationText(situation);
  expect(lines(situation)[0]).toBe('RECOVERABLE: NO - postgres, neo4j, redis, application: no usable backup');
  expect(text).toContain('-> physics-backup backup all manual\n');
  expect(text).toContain('!! postgres, neo4j, redis, application: there is no backup yet\n');
});
