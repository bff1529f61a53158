import { describe, expect, test } from 'vitest';
import { inDoubt, unseen } from '../../src/policy/doubt.ts';
import { brokenSituation, healthySituation, MORNING } from '../support/situations.ts';

const EXPECTED = { services: ['postgres', 'redis'], rpoSeconds: 3600, rtoSeconds: 60 } as const;

/** Every word of health, and every judgement, anywhere in it. */
function judgements(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    ['health', 'possible', 'met'].includes(key) ? [each] : judgements(each),
  );
}

describe('a situation in doubt', () => {
  test.each([healthySituation(), brokenSituation()])('vouches for nothing, and is as old as what it shows', (last) => {
    const doubted = inDoubt(last, 'the disk does not answer');
    expect(new Set(judgements(doubted))).toEqual(new Set(['unknown']));
    expect(doubted.at).toBe(last.at);
    expect(doubted.scheduler).toEqual({ services: [], heartbeats: [] });
    expect(doubted.services.map(({ backups }) => backups)).toEqual(last.services.map(({ backups }) => backups));
  });

  test('says first that nobody sees, and keeps what a person was needed for', () => {
    const last = brokenSituation();
    const { conditions, recovery } = inDoubt(last, 'the disk does not answer');
    expect(recovery.why).toBe('the disk does not answer');
    expect(conditions[0]).toMatchObject({ name: 'MonitorBlind', severity: 'critical' });
    expect(conditions.slice(1)).toEqual(last.conditions);
  });

  test('the checks of this test see what is healthy', () => {
    expect(judgements(healthySituation())).toEqual(expect.arrayContaining(['ok', 'yes', true]));
  });
});

describe('a situation that nobody has seen', () => {
  test('has the services and targets, and not one figure', () => {
    const situation = unseen(EXPECTED, MORNING, 'the first look is not over');
    expect(new Set(judgements(situation))).toEqual(new Set(['unknown']));
    expect(situation.services.map(({ service }) => service)).toEqual(['postgres', 'redis']);
    expect(situation.recovery).toMatchObject({ rpo: { targetSeconds: 3600 }, rto: { targetSeconds: 60 } });
    expect(situation.conditions).toHaveLength(1);
  });
});
