import type { BackupId, BackupType, Instant, Service } from '../model/vocabulary.ts';
import { type HeldBackup, type Protection, protectionOf, type RetentionRules } from './retention-floors.ts';

export interface RetentionRequest {
  readonly services: readonly Service[];
  readonly types: readonly BackupType[] | 'all';
  readonly rules: RetentionRules;
  /** Nothing younger than so many days either; a rule that keeps longer is not overruled. */
  readonly olderThanDays?: number;
  /** Backups that a recovery which has not ended needs, and why. */
  readonly pinned: ReadonlyMap<BackupId, string>;
}

export interface RetentionDecision {
  readonly backup: HeldBackup;
  readonly keep: boolean;
  readonly reason: string;
}

/**
 * Decides of each backup that was asked for whether it stays, and why. Pure. `backups` are those of all services: a
 * recovery point is complete only with its members of the others. The decisions are in the order of the services that
 * were asked for, and of sequences.
 */
export function planRetention(
  backups: readonly HeldBackup[],
  request: RetentionRequest,
  now: Instant,
): RetentionDecision[] {
  const protection = protectionOf(backups, request.rules, now);
  const { services, types } = request;
  const asked = ({ manifest: { service, type } }: HeldBackup): boolean =>
    services.includes(service) && (types === 'all' || types.includes(type));
  const decided = backups.map((backup) =>
    asked(backup)
      ? { backup, ...verdictOn(backup, protection, request, now) }
      : { backup, keep: true, reason: 'not asked for' },
  );
  return withParents(decided)
    .filter(({ backup }) => asked(backup))
    .toSorted(
      ({ backup: { manifest: a } }, { backup: { manifest: b } }) =>
        services.indexOf(a.service) - services.indexOf(b.service) || a.sequence - b.sequence,
    );
}

const DAY_MILLISECONDS = 24 * 3_600_000;

type Verdict = Omit<RetentionDecision, 'backup'>;

function verdictOn(backup: HeldBackup, protection: Protection, request: RetentionRequest, now: Instant): Verdict {
  const { id, moment } = backup.manifest;
  const held = request.pinned.get(id) ?? lockOn(backup, now) ?? protection.reasonFor(backup.manifest);
  if (held !== undefined) return { keep: true, reason: held };
  if (moment > now) return { keep: true, reason: 'it is from the future: a clock is wrong' };
  const { days, since, because } = protection.ruleFor(backup.manifest);
  const age = (Date.parse(now) - Date.parse(since)) / DAY_MILLISECONDS;
  if (age <= days) return { keep: true, reason: `within ${inDays(days)}${because}` };
  const { olderThanDays = 0 } = request;
  if (age <= olderThanDays) return { keep: true, reason: `not older than ${inDays(olderThanDays)}, as asked` };
  if (protection.isAmongLast(backup.manifest))
    return { keep: true, reason: `one of the last ${request.rules.keepAtLeast} good ones of its type` };
  return { keep: false, reason: `older than ${inDays(Math.max(days, olderThanDays))}` };
}

function lockOn({ lockedUntil }: HeldBackup, now: Instant): string | undefined {
  return lockedUntil !== undefined && lockedUntil > now ? `locked in its store until ${lockedUntil}` : undefined;
}

function inDays(days: number): string {
  return `${days} ${days === 1 ? 'day' : 'days'}`;
}

/** What is kept keeps what it cannot be restored without. */
function withParents(decided: readonly RetentionDecision[]): RetentionDecision[] {
  const byId = new Map(decided.map((each) => [each.backup.manifest.id, each]));
  const open = decided.filter((each) => each.keep);
  for (let child = open.pop(); child !== undefined; child = open.pop()) {
    const { id, parent } = child.backup.manifest;
    const base = parent === null ? undefined : byId.get(parent);
    if (base === undefined || base.keep) continue;
    const kept = { backup: base.backup, keep: true, reason: `base of ${id}` };
    byId.set(base.backup.manifest.id, kept);
    open.push(kept);
  }
  return [...byId.values()];
}
