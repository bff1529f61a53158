import { expect, test } from 'vitest';
import type { Condition } from '../../src/model/situation.ts';
import { conditionOf } from '../../src/policy/condition.ts';
import { grouped } from '../../src/policy/condition-groups.ts';
import type { Service } from '../../src/model/vocabulary.ts';

function silent(service: Service, severity: Condition['severity'] = 'warning'): Condition {
  const summary = `${service}: no scheduler runs here`;
  return conditionOf({ name: 'SchedulerSilent', severity, summary, hint: `start ${service}` }, { service });
}

const other = conditionOf({ name: 'RpoUnreachable', severity: 'warning', summary: 'too seldom', hint: 'set it' });

test('what is said of several services is said once, in their order, with the command that helps each', () => {
  expect(grouped([silent('postgres'), other, silent('redis'), silent('neo4j', 'critical')])).toEqual([
    {
      name: 'SchedulerSilent',
      severity: 'warning',
      summary: 'postgres, redis: no scheduler runs here',
      hints: ['start postgres', 'start redis'],
      services: ['postgres', 'redis'],
    },
    { name: 'RpoUnreachable', severity: 'warning', summary: 'too seldom', hints: ['set it'], services: [] },
    {
      name: 'SchedulerSilent',
      severity: 'critical',
      summary: 'neo4j: no scheduler runs here',
      hints: ['start neo4j'],
      services: [],
    },
  ]);
});

test('what differs, or is about types or volumes, stays apart', () => {
  const stale = (service: Service): Condition =>
    conditionOf(
      { name: 'BackupStale', severity: 'warning', summary: `${service} daily: 30 h old`, hint: 'x' },
      { service, type: 'daily' },
    );
  const damaged = (service: Service): Condition =>
    conditionOf(
      { name: 'ManifestDamaged', severity: 'critical', summary: `${service}: ${service}.json`, hint: 'x' },
      { service },
    );
  const all = [stale('postgres'), stale('redis'), damaged('postgres'), damaged('redis'), other];
  expect(grouped(all).map(({ summary }) => summary)).toEqual(all.map(({ summary }) => summary));
});
