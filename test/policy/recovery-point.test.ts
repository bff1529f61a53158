import { describe, expect, test } from 'vitest';
import { SERVICES, type Service } from '../../src/model/vocabulary.ts';
import { type Candidate, choosePoint, type PointRequest } from '../../src/policy/recovery-point.ts';
import { manifestOf, outcomeOf, verified } from '../support/manifests.ts';

const latest: PointRequest = { selector: 'latest', services: SERVICES, allowFuzzy: false, allowSuspect: false };

function pointAt(hour: number, services: readonly Service[] = SERVICES): Candidate[] {
  const at = `2026-08-16T${String(hour).padStart(2, '0')}:00`;
  const recoveryPoint = { id: `point_${hour}`, services: SERVICES };
  return services.map((service, index) => verified(manifestOf(service, `${at}:0${index}.000Z`, { recoveryPoint })));
}

describe('the choice of a recovery point', () => {
  test('is the newest complete one, with the skew of its moments', () => {
    const { point } = choosePoint([...pointAt(2), ...pointAt(4)], latest);
    expect(point?.id).toBe('point_4');
    expect(point?.backups.map((each) => each.service).toSorted()).toEqual([...SERVICES].toSorted());
    expect(point?.skewSeconds).toBe(3);
    expect(point?.warnings).toEqual([]);
  });

  test('is the one committed last, whatever a clock once said', () => {
    const sequenced = (hour: number, sequence: number): Candidate[] =>
      pointAt(hour).map(({ manifest, proof }) => ({ manifest: { ...manifest, sequence }, proof }));
    expect(choosePoint([...sequenced(23, 1), ...sequenced(4, 2)], latest).point?.id).toBe('point_4');
    expect(choosePoint([...sequenced(4, 2), ...sequenced(23, 1)], latest).point?.id).toBe('point_4');
  });

  test('passes over a newer one that lacks a service', () => {
    expect(choosePoint([...pointAt(2), ...pointAt(4, ['postgres', 'redis'])], latest).point?.id).toBe('point_2');
  });

  test.each<[string, (each: Candidate) => Candidate]>([
    ['not verified', (each) => ({ ...each, proof: undefined })],
    [
      'failed at a later look',
      ({ manifest }) => ({
        manifest,
        proof: { id: manifest.id, outcomes: [outcomeOf('content', true), outcomeOf('restore', false)] },
      }),
    ],
    ['fuzzy', ({ manifest, proof }) => ({ manifest: { ...manifest, consistency: 'fuzzy' }, proof })],
    ['suspect', ({ manifest, proof }) => ({ manifest: { ...manifest, suspect: ['rows: 100 before, 0 now'] }, proof })],
    ['a safety copy', ({ manifest, proof }) => ({ manifest: { ...manifest, purpose: 'safety' }, proof })],
    ['a schema dump', ({ manifest, proof }) => ({ manifest: { ...manifest, type: 'schema' }, proof })],
  ])('passes over a newer one with a backup that is %s, and says so', (_, change) => {
    const [first, ...rest] = pointAt(4);
    const changed = first === undefined ? [] : [change(first)];
    const { point, reasons } = choosePoint([...pointAt(2), ...changed, ...rest], latest);
    expect(point?.id).toBe('point_2');
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain(first?.manifest.id);
  });

  test('takes fuzzy and suspect ones only when told, and warns', () => {
    const marked = pointAt(2).map(({ manifest, proof }) => ({
      manifest: { ...manifest, consistency: 'fuzzy' as const, suspect: ['x'] },
      proof,
    }));
    expect(choosePoint(marked, { ...latest, allowFuzzy: true }).point).toBeUndefined();
    const told = choosePoint(marked, { ...latest, allowFuzzy: true, allowSuspect: true });
    expect(told.point?.id).toBe('point_2');
    expect(told.point?.warnings).toHaveLength(8);
  });

  test('falls back to the newest of each service, and says that they do not belong together', () => {
    const loose = SERVICES.map((service, index) => verified(manifestOf(service, `2026-08-16T0${index}:00:00.000Z`)));
    const { point } = choosePoint(loose, latest);
    expect(point?.id).toBeUndefined();
    expect(point?.skewSeconds).toBe(3 * 3600);
    expect(point?.warnings[0]).toMatch(/no complete recovery point/);
  });

  test('never recovers a part silently', () => {
    const { point, reasons } = choosePoint(pointAt(2, ['postgres', 'redis', 'neo4j']), latest);
    expect(point).toBeUndefined();
    expect(reasons).toContain('application: no usable backup');
  });

  test('goes by type, by point and by backup', () => {
    const weekly = pointAt(2).map(({ manifest }) =>
      verified(
        manifestOf(manifest.service, manifest.moment, { type: 'weekly', recoveryPoint: manifest.recoveryPoint }),
      ),
    );
    const all = [...weekly, ...pointAt(4)];
    const [one] = weekly;
    expect(choosePoint(all, { ...latest, selector: 'weekly' }).point?.id).toBe('point_2');
    expect(choosePoint(all, { ...latest, selector: 'point_2' }).point?.id).toBe('point_2');
    expect(choosePoint(all, { ...latest, selector: one?.manifest.id ?? '' }).point?.id).toBe('point_2');
    expect(choosePoint(all, { ...latest, selector: 'point_9' }).point).toBeUndefined();
  });

  test('one backup of one service can be asked for alone', () => {
    const [postgres] = pointAt(2);
    const request = { ...latest, selector: postgres?.manifest.id ?? '', services: ['postgres'] as const };
    const { point } = choosePoint(pointAt(2).slice(0, 1), request);
    expect(point?.backups.map((each) => each.id)).toEqual([postgres?.manifest.id]);
    expect(point?.warnings).toEqual([]);
  });
});

test('a newer backup that was passed over is a warning; a safety copy and what was not asked for are none', () => {
  const [newer, ...rest] = pointAt(4).map(({ manifest }) => ({ manifest, proof: undefined }));
  const safety = pointAt(5).map(({ manifest, proof }) => ({
    manifest: { ...manifest, purpose: 'safety' as const, recoveryPoint: null },
    proof,
  }));
  const candidates = [...pointAt(2), ...(newer === undefined ? [] : [newer]), ...safety];
  expect(choosePoint(candidates, latest).point?.warnings).toEqual([
    `${newer?.manifest.id} is newer and was passed over: not verified`,
  ]);
  expect(choosePoint([...candidates, ...rest], { ...latest, selector: 'point_2' }).point?.warnings).toEqual([]);
});
