import { type BackupSummary, isVerified, type Manifest, type ValidationOutcome } from '../model/backup.ts';
import { FULL_TYPES, isBackupType, type Service } from '../model/vocabulary.ts';

/** What the choice looks at in a manifest. */
type Choosable = Pick<
  Manifest,
  'id' | 'service' | 'type' | 'sequence' | 'moment' | 'consistency' | 'suspect' | 'purpose' | 'recoveryPoint'
>;

/** What the choice is made from: every backup with an authenticated manifest. */
export interface Candidate<M extends Choosable = Manifest> {
  readonly manifest: M;
  readonly proof: { readonly outcomes: readonly Pick<ValidationOutcome, 'level' | 'passed'>[] } | undefined;
}

/** The same choice from what a list knows of the backups. */
export function candidateOf(summary: BackupSummary): Candidate<BackupSummary> {
  return { manifest: summary, proof: summary };
}

export interface PointRequest {
  /** `latest`, a type (`daily`), the id of a recovery point, or the id of one of its backups. */
  readonly selector: string;
  /** Every service that a recovery must bring back. */
  readonly services: readonly Service[];
  readonly allowFuzzy: boolean;
  readonly allowSuspect: boolean;
}

/** The backups a recovery starts from, and how they belong together. */
export interface RecoveryPoint<M extends Choosable = Manifest> {
  /** Undefined when services only ran on their own schedules. */
  readonly id: string | undefined;
  readonly backups: readonly M[];
  /** Between the earliest and the latest moment, in seconds. */
  readonly skewSeconds: number;
  /** What a person should know before using it. */
  readonly warnings: readonly string[];
}

export interface PointChoice<M extends Choosable = Manifest> {
  readonly point: RecoveryPoint<M> | undefined;
  /** Why newer ones were passed over, or why there is none. */
  readonly reasons: readonly string[];
}

/** Chooses what to recover. Pure; explains itself. The newest complete point wins over newer single backups. */
export function choosePoint<M extends Choosable>(
  candidates: readonly Candidate<M>[],
  request: PointRequest,
): PointChoice<M> {
  const { usable, refused } = judged(candidates, request);
  const reasons = refused.map(({ manifest, objection }) => `${manifest.id}: ${objection}`);
  const matching = usable.filter((each) => matches(each, request.selector));
  const complete = completePoints(matching, usable, request);
  const last = lastCommitted(complete, request.services, ({ backups }) => backups);
  const choice =
    last === undefined ? looseChoice(matching, request, reasons) : { point: pointOf(last.id, last.backups), reasons };
  return withPassedOver(choice, refused, request);
}

interface Refused<M extends Choosable> {
  readonly manifest: M;
  readonly objection: string;
}

/** In loops: a monitor asks of a hundred thousand backups, and whoever scrapes it waits. */
function judged<M extends Choosable>(
  candidates: readonly Candidate<M>[],
  request: PointRequest,
): { readonly usable: readonly M[]; readonly refused: readonly Refused<M>[] } {
  const usable: M[] = [];
  const refused: Refused<M>[] = [];
  for (const each of candidates) {
    const objection = objectionTo(each, request);
    if (objection === undefined) usable.push(each.manifest);
    else refused.push({ manifest: each.manifest, objection });
  }
  return { usable, refused };
}

/** Who recovers to an earlier moment than the newest backup's must hear of it. */
function withPassedOver<M extends Choosable>(
  choice: PointChoice<M>,
  refused: readonly Refused<M>[],
  request: PointRequest,
): PointChoice<M> {
  const { point, reasons } = choice;
  if (point === undefined) return choice;
  const warnings = refused.flatMap(({ manifest, objection }) => {
    const { id, service, sequence, purpose, type } = manifest;
    const chosen = point.backups.find((backup) => backup.service === service);
    const newer = chosen !== undefined && sequence > chosen.sequence && matches(manifest, request.selector);
    const counts = newer && purpose !== 'safety' && FULL_TYPES.includes(type);
    return counts ? [`${id} is newer and was passed over: ${objection}`] : [];
  });
  return { point: { ...point, warnings: [...point.warnings, ...warnings] }, reasons };
}

/** The objection that `validate` may take away. */
export const NOT_VERIFIED = 'not verified';

/** Why `recover` would not take a backup, with these permissions; undefined when it would. */
export function objectionTo(
  { manifest, proof }: Candidate<Choosable>,
  request: Pick<PointRequest, 'allowFuzzy' | 'allowSuspect'>,
): string | undefined {
  if (manifest.purpose === 'safety') return 'a safety copy of what a restore replaced';
  if (!FULL_TYPES.includes(manifest.type)) return `type ${manifest.type} is no full capture`;
  if (proof?.outcomes.some((each) => !each.passed) === true) return 'it failed a check';
  if (!isVerified(proof)) return NOT_VERIFIED;
  if (manifest.consistency === 'fuzzy' && !request.allowFuzzy) return 'fuzzy (--allow-fuzzy takes it)';
  if (manifest.suspect.length > 0 && !request.allowSuspect) return 'suspect (--allow-suspect takes it)';
  return undefined;
}

function matches(manifest: Choosable, selector: string): boolean {
  if (selector === 'latest') return true;
  if (isBackupType(selector)) return manifest.type === selector;
  return manifest.id === selector || manifest.recoveryPoint?.id === selector;
}

interface CompletePoint<M extends Choosable> {
  readonly id: string;
  readonly backups: readonly M[];
}

/**
 * The point that was committed last: by the sequence of a service that all of them hold. Moments are what clocks said, and
 * one that was wrong for a day would be the newest for years.
 */
export function lastCommitted<P>(
  points: readonly P[],
  [service]: readonly Service[],
  backupsOf: (point: P) => readonly Pick<Manifest, 'service' | 'sequence'>[],
): P | undefined {
  let last: { readonly point: P; readonly sequence: number } | undefined;
  for (const point of points) {
    for (const { service: own, sequence } of backupsOf(point))
      if (own === service && (last === undefined || sequence > last.sequence)) last = { point, sequence };
  }
  return last?.point;
}

function completePoints<M extends Choosable>(
  matching: readonly M[],
  usable: readonly M[],
  { services }: PointRequest,
): CompletePoint<M>[] {
  const ids = new Set(matching.flatMap((each) => each.recoveryPoint?.id ?? []));
  const groups = Map.groupBy(usable, (each) => each.recoveryPoint?.id);
  return [...ids].flatMap((id) => {
    const members = groups.get(id) ?? [];
    const wanted = new Set([...services, ...members.flatMap((each) => each.recoveryPoint?.services ?? [])]);
    const newest = newestOfEach(members);
    const backups = [...wanted].flatMap((service) => newest.get(service) ?? []);
    return backups.length === wanted.size ? [{ id, backups }] : [];
  });
}

function looseChoice<M extends Choosable>(
  matching: readonly M[],
  request: PointRequest,
  reasons: readonly string[],
): PointChoice<M> {
  const newest = newestOfEach(matching);
  const backups = request.services.flatMap((service) => newest.get(service) ?? []);
  const missing = request.services.filter((service) => backups.every((each) => each.service !== service));
  if (missing.length === 0 && backups.length > 0) {
    const point = pointOf(undefined, backups);
    return { point: { ...point, warnings: [...apart(point), ...point.warnings] }, reasons };
  }
  return { point: undefined, reasons: [...missing.map((each) => `${each}: no usable backup`), ...reasons] };
}

/** One backup alone cannot be apart from others. */
function apart({ backups, skewSeconds: skew }: RecoveryPoint<Choosable>): string[] {
  if (backups.length === 1) return [];
  return [`no complete recovery point: these backups were taken on their own, ${skew.toFixed(0)} s apart`];
}

/** By sequence. */
function newestOfEach<M extends Choosable>(manifests: readonly M[]): ReadonlyMap<Service, M> {
  const newest = new Map<Service, M>();
  for (const each of manifests) {
    const other = newest.get(each.service);
    if (other === undefined || each.sequence > other.sequence) newest.set(each.service, each);
  }
  return newest;
}

/** Between the earliest and the latest of the moments, in seconds. */
export function skewSeconds(moments: readonly string[]): number {
  const times = moments.map((each) => Date.parse(each));
  return times.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / 1000;
}

function pointOf<M extends Choosable>(id: string | undefined, backups: readonly M[]): RecoveryPoint<M> {
  const warnings = backups.flatMap((each) => [
    ...(each.consistency === 'fuzzy' ? [`${each.id} is fuzzy: writes went on while it was taken`] : []),
    ...(each.suspect.length > 0 ? [`${each.id} is suspect: ${each.suspect.join('; ')}`] : []),
  ]);
  return { id, backups, skewSeconds: skewSeconds(backups.map((each) => each.moment)), warnings };
}
