import type { BackupType } from '../../../src/model/vocabulary.ts';
import type { HeldBackup } from '../../../src/policy/retention-floors.ts';
import { guideRules } from '../retention.ts';
import { type SaidSlot, saidSlots } from '../said-slots.ts';
import type { Cleanup, LoggedRun, ServiceLog } from './log.ts';
import type { SimulatedTime } from './simulation.ts';
import { slotsBetween } from './wall-slots.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Every promise that was broken in a simulated time, in sentences; knows nothing of how the program decides. */
export function violations({ zone, logs }: SimulatedTime): string[] {
  return logs.flatMap((log) =>
    [
      ...twice(log.runs),
      ...atTheSameTime(log.runs),
      ...missed(log, zone),
      ...wordless(log),
      ...log.cleanups.flatMap((each) => wrongRetention(each)),
      ...unprotected(log),
      ...uncared(log),
    ].map((each) => `${log.service}: ${each}`),
  );
}

function slotName({ type, slot, epoch }: Pick<LoggedRun, 'type' | 'slot' | 'epoch'>): string {
  return `${type} ${slot} (${epoch})`;
}

const MOST_TRIES = 4;

/** After a run that counts none of the same slot follows; one that may be mended is tried a few times. */
function twice(runs: readonly LoggedRun[]): string[] {
  const bySlot = Map.groupBy(runs, (each) => slotName(each));
  return [...bySlot].flatMap(([slot, all]) => {
    const tries = all.filter(({ outcome }) => outcome !== 'aside' && outcome !== 'cancelled');
    const counted = tries.findIndex(({ outcome }) => outcome !== 'mendable');
    const after = all.at(-1) !== tries.at(-1) && counted !== -1;
    if (counted !== -1 && (counted < tries.length - 1 || after)) return [`${slot} was run again after it had been run`];
    return tries.length > MOST_TRIES ? [`${slot} was tried ${tries.length} times`] : [];
  });
}

function atTheSameTime(runs: readonly LoggedRun[]): string[] {
  return runs.flatMap((run, index) => {
    const before = runs[index - 1];
    return before !== undefined && run.began < before.ended
      ? [`${slotName(run)} began before ${slotName(before)} had ended`]
      : [];
  });
}

/** Slots that came while their schedule was in force: each was run, or something was said of it; and that was true. */
function missed(log: ServiceLog, zone: SimulatedTime['zone']): string[] {
  const lines = log.said.map(({ line }) => line);
  return log.periods.flatMap(({ type, schedule, epoch, from, to }) => {
    const expected = slotsBetween(schedule, zone, from, to);
    const done = new Set(
      log.runs.filter((each) => each.type === type && each.epoch === epoch && counts(each)).map(({ slot }) => slot),
    );
    const said = saidSlots(lines, log.service, type);
    const excused = excuses(expected, said, log, type);
    const anew = countedAnew(log, type, epoch);
    const silent = expected.filter((slot) => !done.has(slot) && !excused.has(slot) && Date.parse(slot) <= anew);
    return silent.map((slot) => `${type} ${slot} was missed without a word`);
  });
}

/** Where slots were said to count anew, those after it come again. */
function countedAnew({ service, said }: ServiceLog, type: BackupType, epoch: number): number {
  const words = `${service} ${type}: the clock was put back: slots count from now on`;
  return said.filter(({ line }) => line === words)[epoch]?.wall ?? Infinity;
}

/** It was begun, and neither put off nor taken back. */
function counts({ outcome }: LoggedRun): boolean {
  return outcome !== 'aside' && outcome !== 'cancelled';
}

function excuses(
  expected: readonly string[],
  said: readonly SaidSlot[],
  log: ServiceLog,
  type: BackupType,
): Set<string> {
  const before = said.flatMap(({ slot, missed: count, atLeast, givenUp }) => {
    const end = expected.findIndex((each) => each >= slot);
    const until = end === -1 ? expected.length : end;
    const some = expected.slice(atLeast ? 0 : Math.max(0, until - count), until);
    return givenUp ? [...some, slot] : some;
  });
  const about = new RegExp(
    `^${log.service} ${type}: (?:the clock was put back: slots until (\\S+) count as past|the run of (\\S+) was killed)`,
  );
  const others = log.said.flatMap(({ wall, line }) => {
    const [, until, killed] = about.exec(line) ?? [];
    if (killed !== undefined) return [killed];
    return until === undefined ? [] : expected.filter((slot) => Date.parse(slot) > wall && slot <= until);
  });
  return new Set([...before, ...others]);
}

/** Of a run that did not come to an end of its own somebody was told. */
function wordless({ service, runs, said, notes }: ServiceLog): string[] {
  const lines = new Set(said.map(({ line }) => line));
  const noted = new Set(notes.map(({ type, slot, message }) => `${type ?? ''} ${slot ?? ''} ${message ?? ''}`));
  return runs.flatMap(({ type, slot, outcome }) => {
    const killed = lines.has(`${service} ${type}: the run of ${slot} was killed; it is not repeated`);
    if (outcome === 'killed' && !(killed && noted.has(`${type} ${slot} the run was killed`)))
      return [`nobody was told that the run of ${type} ${slot} was killed`];
    const aside = noted.has(`${type} ${slot} stepped aside: a recovery or another run holds the service`);
    if (outcome === 'aside' && !aside) return [`nobody was told that ${type} ${slot} stepped aside`];
    if (outcome === 'threw' && !noted.has(`${type} ${slot} a bug`))
      return [`nobody was told that ${type} ${slot} threw`];
    return [];
  });
}

function isRecoverable({ manifest, proof }: HeldBackup): boolean {
  const checked = proof?.outcomes.filter(({ level }) => level === 'content') ?? [];
  return checked.length > 0 && checked.every(({ passed }) => passed) && manifest.suspect.length === 0;
}

function inOrder(backups: readonly HeldBackup[]): HeldBackup[] {
  return backups.toSorted((a, b) => a.manifest.sequence - b.manifest.sequence);
}

function newest(backups: readonly HeldBackup[]): HeldBackup | undefined {
  return inOrder(backups).at(-1);
}

/** Days that the deployment guide keeps each type; others a month. */
const DAYS: Readonly<Partial<Record<BackupType, number>>> = { daily: 7, weekly: 28, monthly: 365, yearly: 2555 };

/** What the rules say of each backup, told in another way than the program does it. */
function wrongRetention({ wall, before, plan }: Cleanup): string[] {
  const good = before.filter((each) => isRecoverable(each) && Date.parse(each.manifest.moment) <= wall);
  const last = newest(good);
  const byType = Map.groupBy(good, ({ manifest }) => manifest.type);
  const floors = new Set([...byType.values()].flatMap((all) => inOrder(all).slice(-guideRules.keepAtLeast)));
  return plan.flatMap(({ backup, keep }) => {
    const { id, type, moment } = backup.manifest;
    const age = (wall - Date.parse(moment)) / DAY;
    const stays =
      last === undefined || floors.has(backup) || backup === last || age <= (DAYS[type] ?? guideRules.otherwise);
    return stays === keep
      ? []
      : [`${id} ${keep ? 'stays' : 'goes'} at ${new Date(wall).toISOString()}, and should not`];
  });
}

/** From the first success on there is always something to recover from, and it is the newest that there was. */
function unprotected({ cleanups, stored }: ServiceLog): string[] {
  const afters = cleanups.map(({ plan }) => plan.filter(({ keep }) => keep).map(({ backup }) => backup));
  const found = cleanups.flatMap(({ wall, before }, index) => {
    const last = newest(before.filter((each) => isRecoverable(each) && Date.parse(each.manifest.moment) <= wall));
    const gone = last !== undefined && !(afters[index] ?? []).includes(last);
    return gone ? [`the last verified backup ${last.manifest.id} was removed`] : [];
  });
  const some = cleanups.some(({ before }) => before.some((each) => isRecoverable(each)));
  return some && !stored.some((each) => isRecoverable(each)) ? [...found, 'nothing is left to recover from'] : found;
}

/** The newest backup is looked at once a day, where anything could be. */
function uncared({ cares, uncared: waiting }: ServiceLog): string[] {
  const waits = [...cares.map(({ waited }) => waited), waiting];
  return waits
    .filter((waited) => waited > DAY + HOUR)
    .map((waited) => `nothing was checked for ${(waited / HOUR).toFixed(1)} hours`);
}
