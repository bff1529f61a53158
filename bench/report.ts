import { humanBytes, table } from '../demo/table.ts';
import type { Comparison, SubjectReport } from './compare.ts';
import type { Machine } from './machine.ts';
import type { Spread } from './measure.ts';
import type { MonitorReport } from './monitor.ts';
import type { StartReport } from './start.ts';

export interface BenchReport {
  readonly machine: Machine;
  readonly pairs: number;
  readonly factor: number;
  readonly subjects: readonly SubjectReport[];
  readonly start: StartReport | undefined;
  readonly monitors: readonly MonitorReport[];
}

export function reportText({ machine, pairs, subjects, start, monitors }: BenchReport): string {
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
  const others = [...(start === undefined ? [] : [startText(start)]), ...monitors.map((each) => monitorText(each))];
  return `${[...lines, ...others.flatMap((each) => ['', each])].join('\n')}\n`;
}

/** Of the issue: milliseconds, and MB. */
const TARGETS = { p99: 20, paint: 500, megabytes: 120 };

function monitorText(each: MonitorReport): string {
  const { backups, load, bareLoad, paint, nextLook, nextLookProcessor, firstLook, strangeLook, peakMiB, fileMiB } =
    each;
  const megabytes = (peakMiB * 1024 * 1024) / 1e6;
  const lines = [
    `monitor over ${backups} backups: first look ${firstLook.toFixed(2)} s, where they were never seen ${strangeLook.toFixed(2)} s`,
    `  next look ${milliseconds(nextLook)}, of which processor ${(nextLookProcessor * 1000).toFixed(0)} ms`,
    `  peak memory ${megabytes.toFixed(0)} MB (${fileMiB.toFixed(0)} MiB of it pages of files)${load === undefined ? '' : judged(megabytes, TARGETS.megabytes)}`,
  ];
  if (load !== undefined) lines.push(`  /metrics: ${loadText(load)}${judged(load.p99, TARGETS.p99)}`);
  if (bareLoad !== undefined) lines.push(`  a server that always says the same: ${loadText(bareLoad)}`);
  if (paint !== undefined) {
    const { median, min, max } = paint;
    const range = `[${min.toFixed(0)} to ${max.toFixed(0)}]`;
    lines.push(`  first paint ${median.toFixed(0)} ms ${range}${judged(median, TARGETS.paint)}`);
  }
  return lines.join('\n');
}

function loadText({ requests, failures, p50, p99, max }: NonNullable<MonitorReport['load']>): string {
  const figures = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${max.toFixed(0)} ms`;
  return `${requests} requests, ${failures} failed; ${figures}`;
}

function judged(value: number, target: number): string {
  return ` (target ${target}: ${value < target ? 'met' : 'MISSED'})`;
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
