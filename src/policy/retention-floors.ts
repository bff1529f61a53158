import { isVerified, type Manifest, type Proof } from '../model/backup.ts';
import { type BackupId, type BackupType, FULL_TYPES, type Instant, type Service } from '../model/vocabulary.ts';
import { lastCommitted } from './recovery-point.ts';

/** A backup as retention sees it: what its authenticated manifest and proof say, and what holds on to it. */
export interface HeldBackup {
  readonly manifest: Manifest;
  readonly proof: Proof | undefined;
  readonly storedBytes: number;
  /** Until when the store itself refuses to remove it; undefined where it has no such lock. */
  readonly lockedUntil?: Instant;
}

/** For how many days of 24 hours backups are kept. */
export interface RetentionRules {
  /** The services that a recovery must bring back. */
  readonly platform: readonly Service[];
  readonly own: readonly { readonly service: Service; readonly type: BackupType; readonly days: number }[];
  /** For types without a rule of their own. */
  readonly otherwise: number;
  /** So many of the newest good ones of each service and type stay, however old they are. */
  readonly keepAtLeast: number;
}

/** What may be recovered from without being told so: only these count, and only these protect. */
export function isGood({ manifest, proof }: HeldBackup, now: Instant): boolean {
  return (
    isVerified(proof) &&
    manifest.consistency === 'consistent' &&
    manifest.suspect.length === 0 &&
    manifest.purpose === 'scheduled' &&
    manifest.moment <= now
  );
}

/** What must not be removed whatever its age, and which rule each of the others has. */
export interface Protection {
  /** Why it stays; undefined where only its rule counts. */
  reasonFor(manifest: Manifest): string | undefined;
  /** Whether it is one of the newest that stay when their time is over. */
  isAmongLast(manifest: Manifest): boolean;
  /** A recovery point is kept as a whole, as long as the rule of any of its members says. */
  ruleFor(manifest: Manifest): AgeRule;
}

interface AgeRule {
  readonly days: number;
  /** From when its age is counted. */
  readonly since: Instant;
  /** Words that follow `within 28 days`. */
  readonly because: string;
}

interface Point {
  readonly id: string;
  /** The latest moment of its members. */
  readonly at: Instant;
  readonly members: readonly Manifest[];
}

export function protectionOf(backups: readonly HeldBackup[], rules: RetentionRules, now: Instant): Protection {
  const good = backups.filter((each) => isGood(each, now)).map((each) => each.manifest);
  good.sort((a, b) => b.sequence - a.sequence);
  const points = completePoints(good);
  const pointOf = new Map(points.flatMap((point) => point.members.map(({ id }) => [id, point] as const)));
  const last = lastPoints(points, rules.platform);
  const newest = newestOfTypes(good, rules.keepAtLeast);
  const lastGood = lastOfServices(good);
  return {
    reasonFor: ({ id, service }) => {
      if (!lastGood.has(service)) return 'no backup of this service is good: none is removed';
      if (lastGood.get(service) === id) return 'the last good backup of its service';
      const point = pointOf.get(id);
      if (point !== undefined && last.includes(point)) return `part of ${point.id}, the last complete recovery point`;
      return undefined;
    },
    isAmongLast: ({ id }) => newest.has(id),
    ruleFor: (manifest) => ruleFor(manifest, pointOf.get(manifest.id), rules),
  };
}

function ruleFor(manifest: Manifest, point: Point | undefined, rules: RetentionRules): AgeRule {
  const own = daysOf(manifest, rules);
  if (point === undefined) return { days: own, since: manifest.moment, because: '' };
  const days = Math.max(...point.members.map((each) => daysOf(each, rules)));
  return { days, since: point.at, because: days > own ? ` (with the rest of ${point.id})` : '' };
}

function daysOf({ service, type }: Manifest, { own, otherwise }: RetentionRules): number {
  return own.find((each) => each.service === service && each.type === type)?.days ?? otherwise;
}

/** `good`: newest first. */
function newestOfTypes(good: readonly Manifest[], most: number): ReadonlySet<BackupId> {
  const seen = new Map<string, number>();
  return new Set(
    good.flatMap(({ id, service, type }) => {
      const before = seen.get(`${service} ${type}`) ?? 0;
      seen.set(`${service} ${type}`, before + 1);
      return before < most ? [id] : [];
    }),
  );
}

/** `good`: newest first. */
function lastOfServices(good: readonly Manifest[]): ReadonlyMap<Service, BackupId> {
  return new Map(
    good
      .filter(({ type }) => FULL_TYPES.includes(type))
      .toReversed()
      .map(({ service, id }) => [service, id]),
  );
}

/** The newest of all, and the newest that holds the whole platform. */
function lastPoints(points: readonly Point[], platform: readonly Service[]): Point[] {
  const [newest] = points.toSorted((a, b) => (a.at < b.at ? 1 : -1));
  const whole = points.filter(({ members }) =>
    platform.every((each) => members.some(({ service }) => service === each)),
  );
  const last = lastCommitted(whole, platform, ({ members }) => members); // what `recover latest` would take
  return [newest, last].filter((each) => each !== undefined);
}

/** Those that still have a good member of every service that they were to hold. */
function completePoints(good: readonly Manifest[]): Point[] {
  const groups = Map.groupBy(
    good.filter(({ recoveryPoint }) => recoveryPoint !== null),
    ({ recoveryPoint }) => recoveryPoint?.id ?? '',
  );
  return [...groups].flatMap(([id, members]) => {
    const wanted = new Set(members.flatMap(({ recoveryPoint }) => recoveryPoint?.services ?? []));
    const present = new Set(members.map(({ service }) => service));
    const at = members.map(({ moment }) => moment).reduce((a, b) => (a > b ? a : b), '');
    return [...wanted].every((service) => present.has(service)) ? [{ id, at, members }] : [];
  });
}
