import type { Expectations } from '../model/knowledge.ts';
import type { Condition } from '../model/situation.ts';
import type { Instant, Service } from '../model/vocabulary.ts';
import { conditionOf, type Draft } from './condition.ts';
import { age } from './recovery-situation.ts';
import { isDone, type TypeView } from './type-situation.ts';
import { instantOf, spanOf } from './words.ts';

/** A validation follows its backup at once; one that was not there by then will not come by itself. */
const VALIDATION_SECONDS = 3600;

/** What needs a person about one type of one service. Pure. */
export function typeConditions(service: Service, view: TypeView, asked: Expectations, at: Instant): Condition[] {
  const { type } = view;
  const subject = `${service} ${type}`;
  const drafts = [
    failed(subject, service, view),
    stale(subject, service, view, at),
    unverified(subject, view, asked, at),
    small(subject, service, view, asked),
  ];
  return drafts.flatMap((draft) => (draft === undefined ? [] : conditionOf(draft, { service, type })));
}

function failed(subject: string, service: Service, { good, lastRun, newest, type }: TypeView): Draft | undefined {
  if (good !== false) return undefined;
  const hint = `physics-backup doctor ${service}; then: physics-backup backup ${service} ${type}`;
  if (newest?.failed === true) {
    const summary = `${subject}: the newest backup failed a check (${newest.id})`;
    return { name: 'BackupFailed', severity: 'critical', summary, hint };
  }
  if (lastRun === undefined || isDone(lastRun)) return undefined;
  const why = lastRun.message === undefined ? `exit code ${lastRun.code}` : lastRun.message;
  const summary = `${subject}: the backup of ${instantOf(lastRun.began)} failed: ${why}`;
  return { name: 'BackupFailed', severity: 'critical', summary, hint };
}

function stale(
  subject: string,
  service: Service,
  { stale: isStale, lastVerified, type, schedule }: TypeView,
  at: Instant,
): Draft | undefined {
  if (isStale !== true) return undefined;
  const what =
    lastVerified === undefined
      ? 'there is no good backup yet, and its first slot has passed'
      : `the newest good backup is ${spanOf(age(lastVerified.at, at))} old`;
  return {
    name: 'BackupStale',
    severity: 'warning',
    summary: `${subject}: ${what} (schedule ${schedule ?? ''})`,
    hint: `physics-backup backup ${service} ${type}`,
  };
}

function unverified(
  subject: string,
  { newest, schedule }: TypeView,
  { validation }: Expectations,
  at: Instant,
): Draft | undefined {
  if (newest === undefined || schedule === undefined || newest.verified || newest.failed) return undefined;
  if (validation && age(newest.committedAt, at) < VALIDATION_SECONDS) return undefined;
  return {
    name: 'BackupUnverified',
    severity: 'warning',
    summary: `${subject}: the newest backup was never checked (${newest.id})`,
    hint: `physics-backup validate ${newest.id}`,
  };
}

function small(
  subject: string,
  service: Service,
  { newest }: TypeView,
  { minSizeBytes }: Expectations,
): Draft | undefined {
  if (newest === undefined || newest.storedBytes >= minSizeBytes) return undefined;
  return {
    name: 'BackupSmall',
    severity: 'warning',
    summary: `${subject}: the newest backup has ${newest.storedBytes} bytes, less than BACKUP_MIN_SIZE_MB`,
    hint: `physics-backup show ${newest.id}; physics-backup doctor ${service}`,
  };
}
