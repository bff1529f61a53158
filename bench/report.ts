import { humanBytes, table } from '../demo/table.ts';
import type { Comparison, SubjectReport } from './compare.ts';
import type { Machine } from './machine.ts';
import type { Spread } from './measure.ts';
import type { StartReport } from './start.ts';

export interface BenchReport {
  readonly machine: Machine;
  readonly pairs: number;
  readonly factor: number;
  readonly subjects: readonly SubjectReport[];
  readonly start: StartReport | undefined;
}

export function reportText({ machine, pairs, subjects, start }: BenchReport): string {
  const versions = Object.entries(machine.versions).map(([tool, version]) => `${tool} ${version}`);
  const lines = [
    `${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB; ${versions.join(', ')}`,
    `medians of ${pairs} pairs [smallest to largest]; ratio: ours to raw, without what only we do`,
    '',
    table(
      ['service', 'what', 'ratio', 'ours s', 'raw s', 'target', 'against'],
      subjects.flatMap(({ service, comparisons }) => comparisons.map((each) => comparisonRow(service, each))),
    ),
    '',
    table(
      ['service', 'stored', 'backup s in all', 'restore s in all', 'our MiB', 'children MiB', 'what only we do, s'],
      subjects.map((each) => subjectRow(each)),
    ),
  ];
  return `${[...lines, ...(start === undefined ? [] : ['', startText(start)])].join('\n')}\n`;
}

function comparisonRow(service: string, { name, ratio, ours, raw, target, against }: Comparison): string[] {
  const goal = target === undefined ? 'none' : `${target.toFixed(2)} ${ratio.median <= target ? 'met' : 'MISSED'}`;
  return [service, name, spreadText(ratio, 2), spreadText(ours, 1), spreadText(raw, 1), goal, against];
}

function subjectRow(each: SubjectReport): string[] {
  const proof = Object.entries(each.proof).map(([name, seconds]) => `${name} ${seconds.toFixed(1)}`);
  return [
    each.service,
    humanBytes(each.storedBytes),
    spreadText(each.backupSeconds, 1),
    spreadText(each.restoreSeconds, 1),
    each.ownMiB.toFixed(0),
    each.childrenMiB.toFixed(0),
    proof.join(', '),
  ];
}

function startText({ help, list, firstList, backups }: StartReport): string {
  const first = `for the first time ${milliseconds(firstList)}`;
  return `--help ${milliseconds(help)}; list over ${backups} backups ${milliseconds(list)}, ${first}`;
}

function milliseconds({ median, min, max }: Spread): string {
  return `${(median * 1000).toFixed(0)} ms [${(min * 1000).toFixed(0)} to ${(max * 1000).toFixed(0)}]`;
}

function spreadText({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} [${min.toFixed(digits)} to ${max.toFixed(digits)}]`;
}
