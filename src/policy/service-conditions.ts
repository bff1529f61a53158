import type { BackupSummary } from '../model/backup.ts';
import type { Expectations, ServiceKnowledge, StoredKnowledge } from '../model/knowledge.ts';
import type { Condition } from '../model/situation.ts';
import type { Instant } from '../model/vocabulary.ts';
import { conditionOf, type Draft } from './condition.ts';
import { isFromTheFuture } from './freshness.ts';
import { isDone, isEnded, isUsable } from './type-situation.ts';
import { firstOf, instantOf, spanOf } from './words.ts';

/** What needs a person about one service as a whole. Pure. */
export function serviceConditions(known: ServiceKnowledge, asked: Expectations, at: Instant): Condition[] {
  const { service, stored } = known;
  const drafts = [
    ...(stored === undefined ? [] : storedDrafts(service, stored, at)),
    ...runDrafts(known),
    ...schedulerDrafts(known),
    ...lockDrafts(known, asked),
  ];
  return drafts.map((draft) => conditionOf(draft, { service }));
}

function storedDrafts(service: string, stored: NonNullable<ServiceKnowledge['stored']>, at: Instant): Draft[] {
  const { backups, damaged, gaps } = stored;
  const newest = backups.findLast(({ purpose }) => purpose !== 'safety');
  const failed = backups.filter((each) => each.failed);
  const early = backups.filter(({ moment }) => isFromTheFuture(moment, at));
  const found: (Draft | false)[] = [
    !backups.some((each) => each.type !== 'schema' && isUsable(each)) && noBackup(service, stored),
    damaged.length > 0 && {
      name: 'ManifestDamaged',
      severity: 'critical',
      summary: `${service}: damaged files among the backups: ${firstOf(damaged)}`,
      hint: `physics-backup list ${service}; find out who writes to the backups`,
    },
    gaps.length > 0 && {
      name: 'SequenceGap',
      severity: 'critical',
      summary: `${service}: ${firstOf(gaps)}`,
      hint: `find out who removes backups, or mount what is missing; physics-backup doctor ${service}`,
    },
    failed.length > 0 && {
      name: 'BackupDamaged',
      severity: 'warning',
      summary: `${service}: backups that failed a check: ${firstOf(failed.map(({ id }) => id))}`,
      hint: `physics-backup validate ${failed[0]?.id ?? ''}`,
    },
    early.length > 0 && {
      name: 'ClockDoubtful',
      severity: 'warning',
      summary: `${service}: backups from the future: ${firstOf(early.map(({ id }) => id))}`,
      hint: 'compare the clocks of the machines: timedatectl',
    },
    ...doubtful(service, newest),
  ];
  return found.filter((each) => each !== false);
}

function noBackup(
  service: string,
  { backups, damaged, missing }: Pick<StoredKnowledge, 'backups' | 'damaged' | 'missing'>,
): Draft {
  const never = missing === 0 ? 'there is no backup yet' : 'there is no backup any more';
  const none = backups.length === 0 && damaged.length === 0;
  const what = none ? never : 'no backup could be recovered from as it is';
  return {
    name: 'NoVerifiedBackup',
    severity: 'critical',
    summary: `${service}: ${what}`,
    hint: `physics-backup backup ${service} manual`,
  };
}

/** A good backup of a bad day is a backup, and does not stand in for the last good one. */
function doubtful(service: string, newest: BackupSummary | undefined): Draft[] {
  if (newest === undefined) return [];
  const fuzzy: Draft = {
    name: 'BackupFuzzy',
    severity: 'warning',
    summary: `${service}: writes went on while the newest backup was taken (${newest.id})`,
    hint: `physics-backup backup ${service} ${newest.type} at a quieter time`,
  };
  const suspect: Draft = {
    name: 'BackupSuspect',
    severity: 'warning',
    summary: `${service}: the newest backup has shrunk: ${firstOf(newest.suspect)}`,
    hint: `look whether ${service} lost data; physics-backup show ${newest.id}`,
  };
  return [...(newest.consistency === 'fuzzy' ? [fuzzy] : []), ...(newest.suspect.length > 0 ? [suspect] : [])];
}

const OF_RUNS = {
  validate: { name: 'ValidationFailed', what: 'the validation' },
  cleanup: { name: 'CleanupFailed', what: 'the clean-up' },
} as const;

function runDrafts({ service, runs, runsTorn }: ServiceKnowledge): Draft[] {
  const failed = (['validate', 'cleanup'] as const).flatMap((kind): Draft[] => {
    const last = runs.findLast((run) => run.kind === kind && isEnded(run));
    if (last === undefined || isDone(last)) return [];
    const { name, what } = OF_RUNS[kind];
    const summary = `${service}: ${what} of ${instantOf(last.began)} failed: ${last.message ?? `exit code ${last.code}`}`;
    return [{ name, severity: 'warning', summary, hint: `physics-backup doctor ${service}; see the log in LOG_DIR` }];
  });
  const torn: Draft = {
    name: 'RunHistoryTorn',
    severity: 'warning',
    summary: `${service}: a line of the run history is damaged, and left out`,
    hint: `see whether the disk is full: df -h; the file is runs/${service}.jsonl in STATE_DIR`,
  };
  return runsTorn ? [...failed, torn] : failed;
}

/** Loops look several times a minute. */
const SILENT_SECONDS = 300;

function schedulerDrafts({ service, schedules, heartbeatAge }: ServiceKnowledge): Draft[] {
  if (schedules.length === 0 || (heartbeatAge !== undefined && Math.abs(heartbeatAge) <= SILENT_SECONDS)) return [];
  const never = heartbeatAge === undefined;
  const what = never ? 'no scheduler runs here' : `the scheduler has been silent for ${spanOf(heartbeatAge)}`;
  return [
    {
      name: 'SchedulerSilent',
      severity: never ? 'warning' : 'critical',
      summary: `${service}: ${what}: backups are not taken by themselves`,
      hint: `start physics-backup serve (docker compose up -d ${service}-backup)`,
    },
  ];
}

function lockDrafts({ service, lock }: ServiceKnowledge, { timeLimitSeconds }: Expectations): Draft[] {
  if (lock === undefined || lock.ageSeconds <= timeLimitSeconds * 1.1) return [];
  const who = lock.holder === undefined ? '' : ` by ${lock.holder}`;
  return [
    {
      name: 'LockHeld',
      severity: 'warning',
      summary: `${service}: locked for ${spanOf(lock.ageSeconds)}${who}: no backup can be taken`,
      hint: `see who holds ${service}/.lock in BACKUP_DIR (lsof), and end it`,
    },
  ];
}
