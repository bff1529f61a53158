import type { Expectations, Knowledge, ServiceKnowledge } from '../model/knowledge.ts';
import type { BackupPoint, Condition, Health, ServiceSituation, Situation, TypeSituation } from '../model/situation.ts';
import type { Instant } from '../model/vocabulary.ts';
import { isFromTheFuture } from './freshness.ts';
import { platformConditions, volumeConditions } from './platform-conditions.ts';
import { age, recoverySituation, target } from './recovery-situation.ts';
import { serviceConditions } from './service-conditions.ts';
import { typeConditions } from './type-conditions.ts';
import { isUsable, pointOf, type TypeView, typeViews } from './type-situation.ts';
import { volumeSituation } from './volume-situation.ts';

/** What plots and the timeline show. */
const MOST_POINTS = 200;

/** A loop that did its round so lately runs. */
const ALIVE_SECONDS = 60;

/** Concludes from what was read. Pure: what was not read stays unknown. */
export function assess(known: Knowledge, asked: Expectations): Situation {
  const { at } = known;
  const recovery = recoverySituation(known, asked);
  const services = known.services.map((each) => serviceSituation(each, asked, at));
  const volumes = known.volumes.map((each) => volumeSituation(each, known.samples, at, asked));
  const conditions = [
    ...platformConditions(known, recovery, asked),
    ...services.flatMap((each) => each.conditions),
    ...volumes.flatMap((each, index) => {
      const figures = known.volumes[index];
      return figures === undefined ? [] : volumeConditions(each, figures);
    }),
  ];
  return {
    at,
    recovery,
    services: services.map(({ situation }) => situation),
    volumes,
    conditions: conditions.toSorted((a, b) => rankOf(a) - rankOf(b)),
    scheduler: schedulerOf(known.services),
    keys: withoutTrouble(known.keys),
    lock: known.services.flatMap(({ service, lock }) => (lock === undefined ? [] : [{ service, ...lock }])),
    retention: retentionOf(known.services, asked),
  };
}

function rankOf({ severity }: Condition): number {
  return severity === 'critical' ? 0 : 1;
}

function withoutTrouble({ active, createdAt, exported }: Knowledge['keys']): Situation['keys'] {
  return {
    ...(active === undefined ? {} : { active }),
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(exported === undefined ? {} : { exported }),
  };
}

function schedulerOf(services: readonly ServiceKnowledge[]): Situation['scheduler'] {
  const heartbeats = services.flatMap(({ service, heartbeatAge }) =>
    heartbeatAge === undefined ? [] : [{ service, ageSeconds: Math.max(0, heartbeatAge) }],
  );
  return {
    ...(heartbeats.length === 0 ? {} : { heartbeatAge: Math.max(...heartbeats.map((each) => each.ageSeconds)) }),
    services: heartbeats.filter((each) => Math.abs(each.ageSeconds) <= ALIVE_SECONDS).map(({ service }) => service),
    heartbeats,
  };
}

function retentionOf(services: readonly ServiceKnowledge[], { cleanup }: Expectations): Situation['retention'] {
  const runs = services.flatMap((each) => each.runs.findLast(({ kind }) => kind === 'cleanup') ?? []);
  const lastRun = runs.toSorted((a, b) => (a.began < b.began ? 1 : -1))[0];
  return { enabled: cleanup, ...(lastRun === undefined ? {} : { lastRun }) };
}

interface Assessed {
  readonly situation: ServiceSituation;
  readonly conditions: readonly Condition[];
}

function serviceSituation(known: ServiceKnowledge, asked: Expectations, at: Instant): Assessed {
  const { service, stored, runs, totals } = known;
  const types = typeViews(known, asked, at).map((view) => ({
    view,
    conditions: typeConditions(service, view, asked, at),
  }));
  const own = serviceConditions(known, asked, at);
  const conditions = [...own, ...types.flatMap((each) => each.conditions)];
  const usable = stored?.backups.findLast((each) => each.type !== 'schema' && isUsable(each));
  const lost = usable === undefined || isFromTheFuture(usable.moment, at) ? undefined : age(usable.moment, at);
  const situation: ServiceSituation = {
    service,
    health: stored === undefined ? 'unknown' : worst(conditions),
    rpo: target(asked.rpoSeconds, lost),
    types: types.map(({ view, conditions: ofType }) => typeSituation(view, ofType, stored !== undefined)),
    backups: pointsOf(known),
    runs: runs.slice(-MOST_POINTS),
    runTotals: totals.flatMap(({ kind, type, result, count }) =>
      kind === 'backup' && type !== undefined ? [{ type, result, count }] : [],
    ),
    ...(stored === undefined ? {} : { gaps: stored.missing }),
    damaged: stored?.damaged ?? [],
  };
  return { situation, conditions };
}

function pointsOf({ stored }: ServiceKnowledge): BackupPoint[] {
  return (stored?.backups ?? [])
    .filter(({ purpose }) => purpose !== 'safety')
    .slice(-MOST_POINTS)
    .map((each) => pointOf(each));
}

function typeSituation(view: TypeView, conditions: readonly Condition[], readable: boolean): TypeSituation {
  const { stale: _stale, newest, ...rest } = view;
  // A type without a backup is not healthy, however well its last run went: that is no longer, or not yet, there.
  const isKnown = readable && (newest !== undefined || conditions.length > 0);
  return { ...rest, health: isKnown ? worst(conditions) : 'unknown' };
}

function worst(conditions: readonly Condition[]): Health {
  if (conditions.some((each) => each.severity === 'critical')) return 'critical';
  return conditions.length > 0 ? 'warning' : 'ok';
}
