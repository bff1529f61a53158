import type { AlertKind, AlertMessage, AlertState, EndedAlert, KnownAlert, ToldAlert } from '../model/alerts.ts';
import type { Condition, Situation } from '../model/situation.ts';
import type { Instant } from '../model/vocabulary.ts';
import { BLIND } from './doubt.ts';

/** What goes into one message: all that a look found, what it found about one service, or one alert. */
export type AlertGrouping = 'all' | 'service' | 'none';

export interface AlertSettings {
  readonly grouping: AlertGrouping;
  /** What still fires is said again after this time. */
  readonly repeatSeconds: number;
  /** An alert is over once no look has found it for this time: one that comes and goes is said once. */
  readonly settleSeconds: number;
}

/** What a look at the platform found. */
export interface AlertLook {
  readonly at: Instant;
  readonly conditions: readonly Condition[];
  /** It failed: what it says is what was known before. */
  readonly isBlind: boolean;
  /** Whether the look could have seen this at all: what it could not see is not over. */
  readonly saw: (condition: Condition) => boolean;
}

export interface AlertPlan {
  readonly state: AlertState;
  readonly messages: readonly AlertMessage[];
}

/** Alertmanager forgets what it was not told again; Prometheus says that something is over for as long. */
const KEEP_ENDED_SECONDS = 15 * 60;
/** A look that finds more than this has found one disaster, not so many. */
const MOST_ALERTS = 500;

/**
 * Decides what to say after a look: what is new or became critical, what still fires and was said long ago, what is
 * over; one alert per key, one message per group and kind. Pure.
 */
export function planAlerts(look: AlertLook, before: AlertState, settings: AlertSettings): AlertPlan {
  const found = byKey(look.conditions);
  const old = new Map(before.known.map((each) => [each.condition.key, each]));
  const quiet = before.known.filter(({ condition }) => !found.has(condition.key));
  const over = quiet.filter((each) => look.saw(each.condition) && isSettled(each, look.at, settings));
  const waiting = quiet.filter((each) => !over.includes(each)).map((each) => notFound(each, look));
  const firing = [...found.values()].map((condition) => stillFiring(condition, old.get(condition.key), look.at));
  const fresh = firing.filter((each) => isNews(each, old.get(each.condition.key)));
  const due = groupsDue(firing, fresh, look.at, settings);
  const repeated = firing.filter((each) => !fresh.includes(each) && due.has(groupOf(each.condition, settings)));
  const told = new Set([...fresh, ...repeated]);
  const messages = [
    ...compose('firing', fresh, look.at, settings),
    ...compose('repeated', repeated, look.at, settings),
    ...compose('resolved', over, look.at, settings),
  ];
  const known = firing.map((each) => (told.has(each) ? toldNow(each, look.at) : each));
  return { state: { known: [...known, ...waiting], ended: endedAfter(before.ended, over, found, look.at) }, messages };
}

/** What a receiver that was not there before has to be told: all that fires. */
export function introduction(state: AlertState, at: Instant, settings: AlertSettings): readonly AlertMessage[] {
  const firing = state.known.filter((each) => each.clearSince === undefined);
  return compose('firing', firing, at, settings);
}

/**
 * What of the look at a whole platform matters here. Of a service or volume that it could not see (its health is
 * unknown, or it is not there) nothing is ever over, and nothing at all when it saw nothing: silence is not health.
 */
export function alertLook({ conditions, services, volumes }: Situation, at: Instant): AlertLook {
  const isBlind = conditions.some(({ key }) => key === BLIND);
  const seen = new Set([
    ...services.filter(({ health }) => health !== 'unknown').map(({ service }) => `service ${service}`),
    ...volumes.filter(({ health }) => health !== 'unknown').map(({ volume }) => `volume ${volume}`),
  ]);
  const saw = ({ service, volume }: Condition): boolean =>
    !isBlind &&
    (service === undefined || seen.has(`service ${service}`)) &&
    (volume === undefined || seen.has(`volume ${volume}`));
  return { at, conditions, isBlind, saw };
}

function byKey(conditions: readonly Condition[]): ReadonlyMap<string, Condition> {
  const found = new Map<string, Condition>();
  for (const each of conditions) {
    const other = found.get(each.key);
    if (other === undefined ? found.size < MOST_ALERTS : other.severity === 'warning') found.set(each.key, each);
  }
  return found;
}

function stillFiring(condition: Condition, old: KnownAlert | undefined, at: Instant): KnownAlert {
  return { condition, since: old?.since ?? at, toldAt: old?.toldAt ?? at };
}

function toldNow(alert: KnownAlert, at: Instant): KnownAlert {
  return { ...alert, toldAt: at };
}

function isNews({ condition }: KnownAlert, old: KnownAlert | undefined): boolean {
  return old === undefined || (condition.severity === 'critical' && old.condition.severity === 'warning');
}

/** The first look that misses it starts the wait; one that could not see proves nothing and starts it anew. */
function notFound(alert: KnownAlert, { at, saw }: AlertLook): KnownAlert {
  const { condition, since, toldAt, clearSince } = alert;
  return saw(condition) ? { condition, since, toldAt, clearSince: clearSince ?? at } : { condition, since, toldAt };
}

function isSettled({ clearSince }: KnownAlert, at: Instant, { settleSeconds }: AlertSettings): boolean {
  if (settleSeconds === 0) return true;
  return clearSince !== undefined && apart(clearSince, at) >= settleSeconds;
}

/** Groups of which something has to be said again: then all of it is, so that a message shows the whole. */
function groupsDue(
  firing: readonly KnownAlert[],
  fresh: readonly KnownAlert[],
  at: Instant,
  settings: AlertSettings,
): ReadonlySet<string> {
  const due = firing.filter((each) => !fresh.includes(each) && apart(each.toldAt, at) >= settings.repeatSeconds);
  return new Set(due.map(({ condition }) => groupOf(condition, settings)));
}

/** Seconds between two instants, whichever is first: a clock that was set back must not silence anything. */
function apart(one: Instant, other: Instant): number {
  return Math.abs(Date.parse(other) - Date.parse(one)) / 1000;
}

function groupOf({ key, service, volume }: Condition, { grouping }: AlertSettings): string {
  if (grouping === 'none') return key;
  return grouping === 'all' ? 'platform' : (service ?? volume ?? 'platform');
}

function compose(
  kind: AlertKind,
  alerts: readonly KnownAlert[],
  at: Instant,
  settings: AlertSettings,
): readonly AlertMessage[] {
  const groups = Map.groupBy(alerts, ({ condition }) => groupOf(condition, settings));
  return [...groups].map(([group, members]) => ({
    id: `${kind}:${group}:${at}`,
    kind,
    at,
    group,
    alerts: members.map(({ condition, since }): ToldAlert => ({ condition, since })).toSorted(worstFirst),
  }));
}

function worstFirst(a: ToldAlert, b: ToldAlert): number {
  const rank = ({ condition }: ToldAlert): number => (condition.severity === 'critical' ? 0 : 1);
  return rank(a) - rank(b);
}

function endedAfter(
  before: readonly EndedAlert[],
  over: readonly KnownAlert[],
  found: ReadonlyMap<string, Condition>,
  at: Instant,
): readonly EndedAlert[] {
  const now = over.map(({ condition, since }): EndedAlert => ({ condition, since, endedAt: at }));
  const recent = before.filter(({ endedAt }) => apart(endedAt, at) < KEEP_ENDED_SECONDS);
  return [...recent, ...now].filter(({ condition }) => !found.has(condition.key)).slice(-MOST_ALERTS);
}
