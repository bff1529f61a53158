import { secondsBetween } from '../base/clock.ts';
import type {
  Condition,
  Health,
  RecoverySituation,
  Situation,
  Target,
  TypeSituation,
  VolumeSituation,
} from '../model/situation.ts';
import { type ConditionGroup, grouped } from '../policy/condition-groups.ts';
import { instantOf, spanOf } from '../policy/words.ts';
import { formatBytes, formatTable } from './format.ts';

/** What a mail is read in. */
const WIDTH = 80;

/** The situation for people, in 80 columns: the line that matters first, then what needs them, then the rest. */
export function situationText(situation: Situation): string {
  const blocks = [
    recoveryLines(situation),
    conditionLines(situation.conditions),
    servicesTable(situation),
    volumesTable(situation),
    platformLines(situation),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function recoveryLines({ at, recovery }: Situation): string[] {
  const { why, warnings, rpo, rto } = recovery;
  if (recovery.possible !== 'yes') {
    const verdict = recovery.possible === 'no' ? 'RECOVERABLE: NO' : 'RECOVERABLE: NOT KNOWN';
    return [...wrapped(`${verdict} - ${why}`), `as of ${instantOf(at)}`];
  }
  return [
    ...wrapped(headline(recovery, at)),
    ...wrapped(`${why}; skew ${spanOf(recovery.skewSeconds ?? 0)}; as of ${instantOf(at)}`),
    ...wrapped(`data loss ${targetText(rpo)}; time to recover ${targetText(rto)}`),
    ...warnings.flatMap((each) => wrapped(each)),
  ];
}

function headline({ from, estimatedSeconds }: RecoverySituation, at: string): string {
  const when = from === undefined ? '' : ` to ${instantOf(from)} (${spanOf(secondsBetween(from, at))} ago),`;
  const long = estimatedSeconds === undefined ? 'duration not known' : `in about ${spanOf(estimatedSeconds)}`;
  return `RECOVERABLE: yes,${when} ${long}`;
}

function targetText({ targetSeconds, actualSeconds }: Target): string {
  const actual = actualSeconds === undefined ? 'not known' : spanOf(actualSeconds);
  return `${actual} (target ${spanOf(targetSeconds)})`;
}

function conditionLines(conditions: readonly Condition[]): string[] {
  if (conditions.length === 0) return ['NEEDS YOU: nothing'];
  const groups = grouped(conditions);
  return [`NEEDS YOU: ${groups.length}`, ...groups.flatMap((each) => groupLines(each))];
}

function groupLines({ severity, summary, hints, services }: ConditionGroup): string[] {
  const likewise = hints.length > 1 ? `; likewise ${services.slice(1).join(', ')}` : '';
  return [
    ...wrapped(`${severity === 'critical' ? '!!' : ' !'} ${summary}`, '   '),
    ...wrapped(`   -> ${hints[0] ?? ''}${likewise}`, '      '),
  ];
}

const WORD: Readonly<Record<Health, string>> = { ok: 'ok', warning: 'warn', critical: 'BAD', unknown: 'unknown' };

function servicesTable({ at, services }: Situation): string[] {
  const rows = services.flatMap(({ service, types }) => types.map((type) => ({ service, type })));
  const without = services.filter(({ types }) => types.length === 0).map(({ service }) => `${service}: no backups`);
  if (rows.length === 0) return without;
  const table = formatTable(rows, [
    { title: 'SERVICE', of: ({ service }) => service },
    { title: 'TYPE', of: ({ type }) => type.type },
    { title: 'STATE', of: ({ type }) => stateText(type) },
    { title: 'LAST GOOD', of: ({ type }) => ageText(type, at), align: 'right' },
    { title: 'SIZE', of: ({ type }) => sizeText(type), align: 'right' },
    { title: 'KEPT', of: ({ type: { count } }) => (count === undefined ? '?' : String(count)), align: 'right' },
    { title: 'NEXT (UTC)', of: ({ type: { next } }) => next?.slice(0, 16).replace('T', ' ') ?? 'no schedule' },
  ]);
  return [table, ...without];
}

/** That there is none yet is known, and nothing that is healthy. */
function stateText({ health, count }: TypeSituation): string {
  return health === 'unknown' && count === 0 ? 'none' : WORD[health];
}

function ageText({ lastVerified, count }: TypeSituation, at: string): string {
  if (lastVerified !== undefined) return `${spanOf(secondsBetween(lastVerified.at, at))} ago`;
  return count === undefined ? 'unknown' : 'none';
}

function sizeText({ lastVerified }: TypeSituation): string {
  return lastVerified === undefined ? '-' : formatBytes(lastVerified.storedBytes);
}

function volumesTable({ volumes }: Situation): string[] {
  return volumes.length === 0 ? [] : [volumesText(volumes, VOLUME_WIDTH)];
}

/** What the other columns leave of a line. */
const VOLUME_WIDTH = 30;

/** Names that are longer than `most` are cut in their middle: they differ at either end. */
export function volumesText(volumes: readonly VolumeSituation[], most = Infinity): string {
  const half = Math.floor((most - 3) / 2);
  const shortened = (name: string): string =>
    name.length <= most ? name : `${name.slice(0, half)}...${name.slice(-half)}`;
  return formatTable(volumes, [
    { title: 'VOLUME', of: ({ volume }) => shortened(volume) },
    { title: 'STATE', of: ({ health }) => WORD[health] },
    {
      title: 'FULL',
      of: ({ usedPercent }) => (usedPercent === undefined ? '-' : `${usedPercent.toFixed(0)} %`),
      align: 'right',
    },
    { title: 'USED', of: ({ usedBytes }) => bytesText(usedBytes), align: 'right' },
    { title: 'FREE', of: ({ freeBytes }) => bytesText(freeBytes), align: 'right' },
    {
      title: 'FULL IN',
      of: ({ fullInSeconds }) => (fullInSeconds === undefined ? '-' : spanOf(fullInSeconds)),
      align: 'right',
    },
  ]);
}

function bytesText(bytes: number | undefined): string {
  return bytes === undefined ? '-' : formatBytes(bytes);
}

function platformLines({ at, keys, lock, retention, scheduler }: Situation): string[] {
  const made = keys.createdAt === undefined ? '' : `, made ${spanOf(secondsBetween(keys.createdAt, at))} ago`;
  const copied =
    { true: 'exported', false: 'NOT exported' }[String(keys.exported)] ?? 'whether it was exported is not known';
  const lastRun =
    retention.lastRun === undefined
      ? 'never ran'
      : `last ran ${spanOf(secondsBetween(retention.lastRun.began, at))} ago`;
  return [
    `key: ${keys.active === undefined ? 'none' : `${keys.active}${made}; ${copied}`}`,
    `clean-up: ${retention.enabled ? 'on' : 'off (CLEANUP_ENABLED)'}, ${lastRun}`,
    `schedulers alive: ${scheduler.services.length === 0 ? 'none' : scheduler.services.join(', ')}`,
    ...lock.map(({ service, ageSeconds, holder }) => `locked: ${service}, ${spanOf(ageSeconds)}, ${holder ?? ''}`),
  ].flatMap((each) => wrapped(each));
}

/** Broken at spaces; a word that is longer than a line stays whole. */
function wrapped(text: string, indent = '  '): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S) /)) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
