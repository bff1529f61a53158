import type { BackupSummary } from '../model/backup.ts';
import type { Expectations, ServiceKnowledge } from '../model/knowledge.ts';
import type { RunRecord } from '../model/runs.ts';
import type { BackupPoint, TypeSituation } from '../model/situation.ts';
import { BACKUP_TYPES, type BackupType, type Instant } from '../model/vocabulary.ts';
import { freshness, isFromTheFuture } from './freshness.ts';
import { candidateOf, objectionTo } from './recovery-point.ts';

/** A type of a service before its conditions are known. */
export interface TypeView extends Omit<TypeSituation, 'health'> {
  readonly stale: boolean | undefined;
  /** The newest of the type, good or not; safety copies do not count. */
  readonly newest: BackupSummary | undefined;
}

/** The types that a service has: those with a schedule, a backup or a run. Pure. */
export function typeViews(known: ServiceKnowledge, asked: Expectations, at: Instant): TypeView[] {
  return BACKUP_TYPES.filter((type) => isOf(known, type)).map((type) => typeView(type, known, asked, at));
}

function isOf({ schedules, stored, runs }: ServiceKnowledge, type: BackupType): boolean {
  return [schedules, stored?.backups ?? [], runs].some((each) => each.some((one) => one.type === type));
}

function typeView(type: BackupType, known: ServiceKnowledge, asked: Expectations, at: Instant): TypeView {
  const all = (known.stored?.backups ?? []).filter((each) => each.type === type);
  const past = all.filter(({ moment, purpose }) => purpose !== 'safety' && !isFromTheFuture(moment, at));
  const [newest, success, usable] = [past.at(-1), past.findLast((each) => !each.failed), past.findLast(isUsable)];
  const lastRun = known.runs.findLast((run) => run.kind === 'backup' && run.type === type && isEnded(run));
  const validation = lastValidation(past);
  const good = isGood(newest, lastRun, known.stored !== undefined);
  return {
    type,
    ...scheduleOf(type, known, usable?.moment, asked, at),
    ...(lastRun === undefined ? {} : { lastRun }),
    ...(good === undefined ? {} : { good }),
    ...(success === undefined ? {} : { lastSuccess: pointOf(success) }),
    ...(usable === undefined ? {} : { lastVerified: pointOf(usable) }),
    ...(validation === undefined ? {} : { lastValidation: validation }),
    ...(known.stored === undefined ? {} : countsOf(all)),
    newest,
  };
}

function countsOf(all: readonly BackupSummary[]): Pick<TypeView, 'count' | 'storedBytes'> {
  return { count: all.length, storedBytes: all.reduce((sum, each) => sum + each.storedBytes, 0) };
}

function scheduleOf(
  type: BackupType,
  { service, schedules, slots, stored }: ServiceKnowledge,
  newest: Instant | undefined,
  asked: Expectations,
  at: Instant,
): Pick<TypeView, 'schedule' | 'next' | 'staleAfterSeconds' | 'stale'> {
  const set = schedules.find((each) => each.type === type);
  if (set === undefined) return { stale: undefined };
  const { zone, maxAgeHours } = asked;
  const request = { schedule: { service, ...set }, zone, newest, since: slots[type], now: at, maxAgeHours };
  const { next, staleAfterSeconds, stale } = freshness(request);
  return {
    schedule: set.cron,
    ...(next === undefined ? {} : { next }),
    ...(staleAfterSeconds === undefined ? {} : { staleAfterSeconds }),
    stale: stored === undefined ? undefined : stale,
  };
}

/** One that `recover latest` may take; a schema is held to the same but for not being a full capture. */
export function isUsable(summary: BackupSummary): boolean {
  const full = summary.type === 'schema' ? { ...summary, type: 'manual' as const } : summary;
  return objectionTo(candidateOf(full), { allowFuzzy: false, allowSuspect: false }) === undefined;
}

const CANCELLED: readonly number[] = [130, 143];
const KEPT_OUT = 6;
const DONE: readonly number[] = [0, 4];

/** What was interrupted, or found another run at work, says nothing of what it was to do. */
export function isEnded({ code }: RunRecord): boolean {
  return code !== KEPT_OUT && !CANCELLED.includes(code);
}

export function isDone({ code }: RunRecord): boolean {
  return DONE.includes(code);
}

/** A run that went well is no backup: it has to be there too. */
function isGood(
  newest: BackupSummary | undefined,
  lastRun: RunRecord | undefined,
  readable: boolean,
): boolean | undefined {
  if (newest?.failed === true) return false;
  if (lastRun !== undefined && !isDone(lastRun) && !(newest !== undefined && newest.committedAt > lastRun.began))
    return false;
  return !readable || newest === undefined ? undefined : true;
}

function lastValidation(backups: readonly BackupSummary[]): TypeSituation['lastValidation'] {
  const newest = backups.findLast(({ outcomes }) => outcomes.length > 0);
  const [last] = (newest?.outcomes ?? []).toSorted((a, b) => (a.at < b.at ? 1 : -1));
  if (newest === undefined || last === undefined) return undefined;
  const seconds = newest.outcomes.reduce((sum, each) => sum + each.seconds, 0);
  return { at: last.at, level: last.level, passed: !newest.failed, seconds };
}

export function pointOf({
  id,
  type,
  moment,
  startedAt,
  committedAt,
  storedBytes,
  verified,
}: BackupSummary): BackupPoint {
  const seconds = Math.max(0, (Date.parse(committedAt) - Date.parse(startedAt)) / 1000);
  return { id, type, at: moment, seconds, storedBytes, verified };
}
