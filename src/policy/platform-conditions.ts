import type { Expectations, Knowledge, StoredKnowledge, Trouble, VolumeKnowledge } from '../model/knowledge.ts';
import type { Condition, RecoverySituation, VolumeSituation } from '../model/situation.ts';
import type { Instant } from '../model/vocabulary.ts';
import { conditionOf, type Draft } from './condition.ts';
import { age } from './recovery-situation.ts';
import { slotInterval } from './schedule.ts';
import { spanOf } from './words.ts';

/** What needs a person about the platform as a whole. Pure. */
export function platformConditions(known: Knowledge, recovery: RecoverySituation, asked: Expectations): Condition[] {
  const drafts = [...recoveryDrafts(recovery, known), ...targetDrafts(known, recovery, asked), ...keyDrafts(known)];
  return [...drafts.map((draft) => conditionOf(draft)), ...unreadable(known)];
}

function recoveryDrafts({ possible, why }: RecoverySituation, { services }: Knowledge): Draft[] {
  if (possible !== 'no') return [];
  const isNew = services.every(({ stored }) => stored !== undefined && isEmpty(stored));
  return [
    {
      name: 'RecoveryImpossible',
      severity: 'critical',
      summary: `the platform could not be recovered now: ${why}`,
      hint: isNew ? 'physics-backup backup all manual' : 'physics-backup list; physics-backup doctor',
    },
  ];
}

/** Nothing was ever there; not: nothing is there any more. */
function isEmpty({ backups, damaged, missing }: StoredKnowledge): boolean {
  return backups.length === 0 && damaged.length === 0 && missing === 0;
}

/** What could not be read; trouble that all services share is said once. */
function unreadable({ services, keys }: Knowledge): Condition[] {
  const all: readonly Trouble[][] = services.map(({ troubles }) => [...troubles]);
  const shared = (all[0] ?? []).filter(({ message }) =>
    all.every((each) => each.some((one) => one.message === message)),
  );
  const isShared = ({ message }: Trouble): boolean =>
    services.length > 1 && shared.some((one) => one.message === message);
  const platform = [...(services.length > 1 ? shared : []), ...(keys.trouble === undefined ? [] : [keys.trouble])];
  return [
    ...[...new Map(platform.map((each) => [each.message, each])).values()].map((each) =>
      conditionOf(troubleDraft(each)),
    ),
    ...services.flatMap(({ service, troubles }) =>
      troubles
        .filter((each) => !isShared(each) && each.message !== keys.trouble?.message)
        .map((each) => conditionOf(troubleDraft(each), { service })),
    ),
  ];
}

function troubleDraft({ kind, message, hint }: Trouble): Draft {
  const name = kind === 'keys' || kind === 'newer-format' ? 'KeysUnusable' : 'StateUnreadable';
  return { name, severity: 'critical', summary: message, hint: hint ?? 'physics-backup doctor' };
}

/** What the schedules cannot reach is said once, and not anew in every hour that they do not. */
function targetDrafts(known: Knowledge, { rpo, rto }: RecoverySituation, asked: Expectations): Draft[] {
  const drafts: Draft[] = [];
  const unreachable = coarsest(known, asked);
  if (unreachable !== undefined && unreachable.seconds > asked.rpoSeconds)
    drafts.push({
      name: 'RpoUnreachable',
      severity: 'warning',
      summary: `up to ${spanOf(unreachable.seconds)} of ${unreachable.service} may be lost by its schedules; the target is ${spanOf(asked.rpoSeconds)}`,
      hint: `set ${unreachable.service.toUpperCase()}_HOURLY_SCHEDULE, or RECOVERY_RPO_HOURS to what you need`,
    });
  else if (rpo.met === false)
    drafts.push({
      name: 'RpoMissed',
      severity: 'warning',
      summary: `a recovery now would lose ${spanOf(rpo.actualSeconds ?? 0)}; the target is ${spanOf(rpo.targetSeconds)}`,
      hint: 'physics-backup backup all manual',
    });
  if (rto.met === false)
    drafts.push({
      name: 'RtoMissed',
      severity: 'warning',
      summary: `the last recovery took ${spanOf(rto.actualSeconds ?? 0)}; the target is ${spanOf(rto.targetSeconds)}`,
      hint: 'PARALLEL_RECOVERY=true and PARALLEL_JOBS make it faster; RECOVERY_RTO_MINUTES is the target',
    });
  return drafts;
}

/** The service whose most frequent schedule is the rarest; undefined where one has none, for it is backed up by hand. */
function coarsest(
  { at, services }: Knowledge,
  { zone }: Expectations,
): { readonly service: string; readonly seconds: number } | undefined {
  const intervals = services.flatMap(({ service, schedules }) => {
    const full = schedules.filter(({ type }) => type !== 'schema');
    const seconds = full.flatMap((each) => slotInterval({ service, ...each }, at, zone) ?? []);
    return seconds.length === 0 ? [] : [{ service, seconds: Math.min(...seconds) }];
  });
  return intervals.toSorted((a, b) => b.seconds - a.seconds)[0];
}

/** The deployment guide rotates keys once a year; nobody does it to the day. */
const OLDEST_KEY_SECONDS = 400 * 86_400;

function keyDrafts({ at, keys }: Knowledge): Draft[] {
  return [...oldKey(keys.createdAt, at), ...(keys.exported === false ? [NOT_EXPORTED] : [])];
}

const NOT_EXPORTED: Draft = {
  name: 'KeysNotExported',
  severity: 'warning',
  summary: 'the keys exist only on the machine that they protect',
  hint: 'physics-backup keys export',
};

function oldKey(createdAt: Instant | undefined, at: Instant): Draft[] {
  if (createdAt === undefined || age(createdAt, at) <= OLDEST_KEY_SECONDS) return [];
  return [
    {
      name: 'KeyOld',
      severity: 'warning',
      summary: `the key is ${spanOf(age(createdAt, at))} old; it is to be rotated once a year`,
      hint: 'backup/scripts/common/encryption.sh rotate-keys',
    },
  ];
}

/** Time enough to do something about it, over a weekend too. */
const SOON_SECONDS = 4 * 86_400;

/** What needs a person about one volume. Pure. */
export function volumeConditions(situation: VolumeSituation, { service }: VolumeKnowledge): Condition[] {
  const { volume, health, usedPercent, fullInSeconds } = situation;
  const hint = service === undefined ? `make room on ${volume}: df -h` : `physics-backup cleanup ${service} all`;
  const drafts: Draft[] = [];
  if (usedPercent !== undefined && (health === 'warning' || health === 'critical'))
    drafts.push({
      name: 'VolumeUsageHigh',
      severity: health,
      summary: `volume ${volume} is ${usedPercent.toFixed(0)} % full`,
      hint,
    });
  if (fullInSeconds !== undefined && fullInSeconds < SOON_SECONDS)
    drafts.push({
      name: 'VolumeFilling',
      severity: 'warning',
      summary: `volume ${volume} will be full in ${spanOf(fullInSeconds)} if it grows on like this`,
      hint,
    });
  return drafts.map((draft) => conditionOf(draft, { volume }));
}
