import { array, assert, constantFrom, integer, property, record, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlertMessage, AlertState } from '../../src/model/alerts.ts';
import type { Condition, ServiceSituation, Situation, VolumeSituation } from '../../src/model/situation.ts';
import { alertLook, type AlertSettings, introduction, planAlerts } from '../../src/policy/alerts.ts';
import { conditionOf } from '../support/conditions.ts';

const NOTHING: AlertState = { known: [], ended: [] };
const settings: AlertSettings = { grouping: 'all', repeatSeconds: 3600, settleSeconds: 0 };
const minute = (number: number): string =>
  new Date(Date.parse('2026-11-01T00:00:00.000Z') + number * 60_000).toISOString();
const said = (messages: readonly AlertMessage[]): string[] =>
  messages.map(({ kind, group, alerts }) => `${kind} ${group}: ${alerts.map((each) => each.condition.key).join(' ')}`);

/** Looks one after the other, a minute apart; what was said after each. */
function looks(
  found: readonly (readonly Condition[])[],
  how: Partial<AlertSettings> = {},
  saw: (condition: Condition, look: number) => boolean = () => true,
): string[][] {
  let state = NOTHING;
  return found.map((conditions, index) => {
    const look = { at: minute(index), conditions, isBlind: false, saw: (each: Condition) => saw(each, index) };
    const plan = planAlerts(look, state, { ...settings, ...how });
    state = plan.state;
    return said(plan.messages);
  });
}

const a = conditionOf('a');
const b = conditionOf('b', { severity: 'critical', service: 'redis' });
const c = conditionOf('c', { volume: 'data' });

describe('what is said', () => {
  test('once when it begins, once when it is over, and again when it comes back', () => {
    expect(looks([[], [a], [a], [], [], [a]])).toEqual([
      [],
      ['firing platform: a'],
      [],
      ['resolved platform: a'],
      [],
      ['firing platform: a'],
    ]);
  });

  test('again after the interval, all of the group at once', () => {
    const found = Array.from({ length: 7 }, (_, index) => (index < 2 ? [a] : [a, b]));
    expect(looks(found, { repeatSeconds: 180 })).toEqual([
      ['firing platform: a'],
      [],
      ['firing platform: b'],
      ['repeated platform: b a'],
      [],
      [],
      ['repeated platform: b a'],
    ]);
  });

  test('at once when a warning becomes critical, and not when it becomes a warning again', () => {
    const worse = { ...a, severity: 'critical' } as const;
    expect(looks([[a], [worse], [a], [worse]])).toEqual([
      ['firing platform: a'],
      ['firing platform: a'],
      [],
      ['firing platform: a'],
    ]);
  });

  test('one key is one alert: the worst of them', () => {
    const twin = { ...a, severity: 'critical', summary: 'worse' } as const;
    const { messages } = planAlerts(
      { at: minute(0), conditions: [a, twin, a], isBlind: false, saw: () => true },
      NOTHING,
      settings,
    );
    expect(messages).toMatchObject([{ alerts: [{ condition: { severity: 'critical', summary: 'worse' } }] }]);
  });

  test.each([
    ['all', ['firing platform: b a c']],
    ['service', ['firing postgres: a c', 'firing redis: b']],
    ['none', ['firing a: a', 'firing b: b', 'firing c: c']],
  ] as const)('grouped by %s', (grouping, expected) => {
    expect(looks([[a, b, c]], { grouping })).toEqual([expected]);
  });

  test('a clock that is set back silences nothing', () => {
    const later = planAlerts({ at: minute(600), conditions: [a], isBlind: false, saw: () => true }, NOTHING, settings);
    const back = planAlerts({ at: minute(0), conditions: [a], isBlind: false, saw: () => true }, later.state, settings);
    expect(said(back.messages)).toEqual(['repeated platform: a']);
  });

  test('a look that finds a thousand things says the first five hundred', () => {
    const many = Array.from({ length: 1000 }, (_, index) => conditionOf(`k${index}`));
    const { messages, state } = planAlerts(
      { at: minute(0), conditions: many, isBlind: false, saw: () => true },
      NOTHING,
      settings,
    );
    expect([messages[0]?.alerts.length, state.known.length]).toEqual([500, 500]);
  });
});

describe('what is over', () => {
  test('is so after it was away for a while: what comes and goes is said once', () => {
    expect(looks([[a], [], [a], [], [], [], []], { settleSeconds: 120 })).toEqual([
      ['firing platform: a'],
      [],
      [],
      [],
      [],
      ['resolved platform: a'],
      [],
    ]);
  });

  test('is never what could not be looked at', () => {
    const blind = (_: Condition, look: number): boolean => look === 0 || look > 3;
    const nothingButBefore = [['firing platform: a'], [], [], [], ['resolved platform: a']];
    expect(looks([[a], [], [], [], []], {}, blind)).toEqual(nothingButBefore);
  });

  test('a look that could not see starts the wait anew', () => {
    const blind = (_: Condition, look: number): boolean => look !== 2;
    expect(looks([[a], [], [], [], [], []], { settleSeconds: 120 }, blind).flat()).toEqual([
      'firing platform: a',
      'resolved platform: a',
    ]);
    expect(looks([[a], [], [], [], []], { settleSeconds: 120 }, blind).flat()).toEqual(['firing platform: a']);
  });

  test('is kept for a quarter of an hour, unless it comes back', () => {
    let state = planAlerts(
      { at: minute(0), conditions: [a, b], isBlind: false, saw: () => true },
      NOTHING,
      settings,
    ).state;
    state = planAlerts({ at: minute(1), conditions: [], isBlind: false, saw: () => true }, state, settings).state;
    expect(state.ended.map((each) => [each.condition.key, each.endedAt])).toEqual([
      ['a', minute(1)],
      ['b', minute(1)],
    ]);
    state = planAlerts({ at: minute(2), conditions: [b], isBlind: false, saw: () => true }, state, settings).state;
    expect(state.ended.map((each) => each.condition.key)).toEqual(['a']);
    expect(
      planAlerts({ at: minute(16), conditions: [b], isBlind: false, saw: () => true }, state, settings).state.ended,
    ).toEqual([]);
  });
});

test('a new receiver is told what fires, and nothing of what is nearly over', () => {
  const first = planAlerts(
    { at: minute(0), conditions: [a, b], isBlind: false, saw: () => true },
    NOTHING,
    settings,
  ).state;
  const second = { ...settings, settleSeconds: 600 };
  const { state } = planAlerts({ at: minute(1), conditions: [b], isBlind: false, saw: () => true }, first, second);
  expect(said(introduction(state, minute(2), settings))).toEqual(['firing platform: b']);
});

test('of a service or volume that is unknown or missing, nothing was seen', () => {
  const service = { service: 'postgres', health: 'ok' } as ServiceSituation;
  const volume: VolumeSituation = { volume: 'data', health: 'unknown' };
  const { saw } = alertLook(
    {
      at: minute(0),
      conditions: [],
      services: [service],
      volumes: [volume],
    } as unknown as Situation,
    minute(0),
  );
  const none = { key: 'x', name: 'X', severity: 'warning', summary: '', hint: '' } as const;
  expect([saw(a), saw(b), saw(c), saw({ ...none, volume: 'other' }), saw(none)]).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
});

test('whatever comes and goes: begun once, repeated in time, ended once, never while it is there or unseen', () => {
  const keys = ['a', 'b', 'c', 'd'] as const;
  const step = record({
    found: subarray([...keys]),
    unseen: subarray([...keys]),
    wait: integer({ min: 1, max: 90 }),
  });
  assert(
    property(array(step, { maxLength: 40 }), constantFrom('all', 'service', 'none'), (steps, grouping) => {
      const how = { grouping, repeatSeconds: 3600, settleSeconds: 300 } as const;
      const open = new Map<string, number>(); // minute of the newest message about it
      let [state, now] = [NOTHING, 0];
      for (const { found, unseen, wait } of steps) {
        now += wait;
        const saw = ({ key }: Condition): boolean => !unseen.includes(key as (typeof keys)[number]);
        const conditions = found.map((key) => conditionOf(key, { service: key === 'a' ? 'redis' : 'neo4j' }));
        const plan = planAlerts({ at: minute(now), conditions, isBlind: false, saw }, state, how);
        state = plan.state;
        for (const { kind, alerts } of plan.messages)
          for (const { condition } of alerts) {
            const { key } = condition;
            expect([kind, key, open.has(key)]).toEqual([kind, key, kind !== 'firing']);
            const gone = saw(condition) && !conditions.some((each) => each.key === key);
            expect(kind === 'resolved' ? gone : true).toBe(true);
            if (kind === 'resolved') open.delete(key);
            else open.set(key, now);
          }
        for (const { key } of conditions) expect(now - (open.get(key) ?? -1000)).toBeLessThan(60);
        expect(new Set(plan.messages.map(({ id }) => id)).size).toBe(plan.messages.length);
      }
    }),
  );
});
