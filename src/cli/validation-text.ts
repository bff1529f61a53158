import type { ValidationOutcome } from '../model/backup.ts';
import { SERVICES } from '../model/vocabulary.ts';
import { count, formatBytes, formatInstant, formatSeconds, formatTable } from './format.ts';
import type { CheckedBackup, ValidationDocument, ValidationFinding } from './validation-report.ts';
import { wrapped } from './wrapping.ts';

/** A validation for people, in 80 columns: the line that matters first, then what needs them, then every check. */
export function validationText(document: ValidationDocument): string {
  const blocks = [headLines(document), needLines(document), servicesLines(document), checkLines(document)];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function headLines(document: ValidationDocument): string[] {
  const { at, seconds, selection, levels } = document;
  const which = { all: 'all backups', newest: 'the newest only' }[String(selection)] ?? String(selection);
  return [
    ...wrapped(`VALIDATION: ${verdictOf(document)}`),
    ...wrapped(`as of ${formatInstant(at)}; ${which}; ${levels.join(', ')}; took ${formatSeconds(seconds)}`),
  ];
}

function verdictOf({ summary }: ValidationDocument): string {
  const { backups, good, bad, damage, troubles, warnings } = summary;
  const parts = [
    `${count(backups, 'backup')} checked: ${good} good, ${bad} bad`,
    ...(damage > 0 ? [`${count(damage, 'finding')} of damage`] : []),
    ...(troubles > 0 ? [`${troubles} could not be checked`] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ];
  if (bad + damage > 0) return `BAD - ${parts.join('; ')}`;
  if (troubles > 0) return `INCOMPLETE - ${parts.join('; ')}`;
  return backups === 0 ? 'NOTHING CHECKED - there is no backup to validate' : `good - ${parts.join('; ')}`;
}

function needLines({ backups, damage, troubles }: ValidationDocument): string[] {
  const bad = backups.filter((each) => !each.good);
  const needs = bad.length + damage.length + troubles.length;
  if (needs === 0) return backups.length === 0 ? [] : ['NEEDS YOU: nothing'];
  return [
    `NEEDS YOU: ${needs}`,
    ...bad.flatMap((each) => badLines(each)),
    ...[...damage, ...troubles].flatMap((each) => findingLines(each)),
  ];
}

function badLines({ backup, outcomes }: CheckedBackup): string[] {
  return outcomes.flatMap(({ level, passed, errors }) => {
    if (passed) return [];
    const [first = 'no reason was given', ...others] = errors;
    const more = others.length > 0 ? ` (and ${count(others.length, 'error')} more, below)` : '';
    return wrapped(`!! ${backup} failed its ${level} check: ${first}${more}`, '   ');
  });
}

function findingLines({ message, hint }: ValidationFinding): string[] {
  return [
    ...wrapped(`!! ${message.replaceAll(/\s+/g, ' ')}`, '   '),
    ...(hint === null ? [] : wrapped(`   -> ${hint}`, '      ')),
  ];
}

function servicesLines({ backups }: ValidationDocument): string[] {
  const services = SERVICES.filter((service) => backups.some((each) => each.service === service));
  if (services.length === 0) return [];
  const of = (service: string): CheckedBackup[] => backups.filter((each) => each.service === service);
  const table = formatTable(services, [
    { title: 'SERVICE', of: (service) => service },
    { title: 'GOOD', of: (service) => String(of(service).filter(({ good }) => good).length), align: 'right' },
    { title: 'BAD', of: (service) => String(of(service).filter(({ good }) => !good).length), align: 'right' },
    { title: 'SIZE', of: (service) => formatBytes(sum(of(service).map((each) => each.storedBytes))), align: 'right' },
    { title: 'TIME', of: (service) => formatSeconds(sum(of(service).map((each) => each.seconds))), align: 'right' },
  ]);
  return [table];
}

/** A line of the table, and what is said below it. */
interface Line {
  readonly name: string;
  readonly result: string;
  readonly size: string;
  readonly time: string;
  readonly below: readonly string[];
}

function checkLines(document: ValidationDocument): string[] {
  const lines = document.backups.flatMap((each) => linesOf(each, document));
  if (lines.length === 0) return [];
  const [titles = '', ...rows] = formatTable(lines, [
    { title: 'BACKUP, CHECK', of: ({ name }) => name },
    { title: 'RESULT', of: ({ result }) => result },
    { title: 'SIZE', of: ({ size }) => size, align: 'right' },
    { title: 'TIME', of: ({ time }) => time, align: 'right' },
  ]).split('\n');
  return [titles, ...rows.flatMap((row, index) => [row].concat(lines[index]?.below ?? []))];
}

function linesOf(
  { backup, good, storedBytes, seconds, outcomes }: CheckedBackup,
  document: ValidationDocument,
): Line[] {
  const result = good ? 'good' : 'BAD';
  const whole = { name: backup, result, size: formatBytes(storedBytes), time: formatSeconds(seconds), below: [] };
  const left = document.levels.filter((level) => outcomes.every((each) => each.level !== level));
  return [
    whole,
    ...outcomes.map((each) => lineOf(each)),
    ...left.map((level) => ({ name: `  ${level}`, result: 'not run', size: '', time: '', below: [] })),
  ];
}

function lineOf({ level, passed, seconds, errors, warnings }: ValidationOutcome): Line {
  const said = (mark: string, text: string): string[] =>
    wrapped(`    ${mark} ${text.replaceAll(/\s+/g, ' ')}`, '       ');
  return {
    name: `  ${level}`,
    result: passed ? 'passed' : 'FAILED',
    size: '',
    time: formatSeconds(seconds),
    below: [...errors.flatMap((each) => said('!!', each)), ...warnings.flatMap((each) => said(' !', each))],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
