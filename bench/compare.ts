import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { startAgent } from './agent.ts';
import { type Platform, startPlatform } from '../platform/platform.ts';
import { measure, type Spread, spread } from './measure.ts';
import { dumpStopped } from './neo4j-dump.ts';
import { backupIdOf, backupPhases, PROOF, type ProgramRun, restorePhases, runProgram } from './program.ts';
import type { RawTool, Subject } from './subjects.ts';

export interface CompareOptions {
  readonly pairs: number;
  readonly factor: number;
  readonly key: string;
  /** Also restores. */
  readonly restores: boolean;
}

/** Ours against one raw tool, pair by pair. */
export interface Comparison {
  readonly name: string;
  readonly against: string;
  readonly ratio: Spread;
  readonly ours: Spread;
  readonly raw: Spread;
  readonly target: number | undefined;
}

export interface SubjectReport {
  readonly service: string;
  readonly storedBytes: number;
  readonly comparisons: readonly Comparison[];
  /** Median seconds of what only we do. */
  readonly proof: Readonly<Record<string, number>>;
  readonly backupSeconds: Spread;
  readonly restoreSeconds: Spread;
  readonly ownMiB: number;
  readonly childrenMiB: number;
}

/** Fills a platform with one service's data and measures it. */
export async function measureSubject(subject: Subject, options: CompareOptions): Promise<SubjectReport> {
  say(`${subject.service}: platform`);
  await using platform = await startPlatform({ size: undefined, seed: 1, detached: false });
  const bench = path.join(platform.directory, 'bench');
  await mkdir(bench);
  const environment = {
    ...platform.environment,
    BENCH_KEY: options.key,
    BENCH_DIR: bench,
    BENCH_APPLICATION: path.join(platform.directory, 'application'),
  };
  say(`${subject.service}: filling (scale ${subject.scale * options.factor})`);
  await subject.seed(environment, { scale: subject.scale * options.factor, seed: 1 });
  const backups = await measureBackups(subject, environment, platform, options);
  const restores = options.restores ? await measureRestores(subject, environment, options) : [];
  return reportOf(subject, backups, restores);
}

/** A backup may take this much longer when its service is reached over a socket. */
const SOCKET_TARGET = 1.02;

interface Pair {
  readonly ours: ProgramRun;
  readonly raw: number;
}

interface BackupRuns {
  readonly pairs: readonly Pair[];
  /** The same backups, asked of an agent in another process. */
  readonly apart: readonly ProgramRun[];
  /** Neo4j: the vendor's dump of the stopped server, seconds. */
  readonly dumps: readonly number[];
  readonly storedBytes: number;
}

async function measureBackups(
  { service, backup }: Subject,
  environment: Readonly<Record<string, string>>,
  platform: Platform,
  options: CompareOptions,
): Promise<BackupRuns> {
  const pairs: Pair[] = [];
  const apart: ProgramRun[] = [];
  const dumps: number[] = [];
  await using agent = await startAgent(service, environment, platform.directory);
  for (let pair = 0; pair <= options.pairs; pair += 1) {
    say(`${service}: backup, pair ${pair} of ${options.pairs}${pair === 0 ? ' (warm-up)' : ''}`);
    const raw = await rawSeconds(backup, environment);
    const ways = [environment, agent.environment];
    const runs = new Map<object, ProgramRun>();
    for (const way of pair % 2 === 0 ? ways : ways.toReversed())
      // neither is always the second
      runs.set(way, await runProgram(['backup', service, 'manual'], way, backupPhases));
    const [ours, remote] = ways.map((way) => runs.get(way));
    if (pair === 0 || ours === undefined || remote === undefined) continue;
    pairs.push({ ours, raw });
    apart.push(remote);
    if (service === 'neo4j') dumps.push(await dumpStopped(platform));
  }
  return { pairs, apart, dumps, storedBytes: await newestBytes(environment, service) };
}

async function measureRestores(
  { service, restore }: Subject,
  environment: Readonly<Record<string, string>>,
  options: CompareOptions,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  const { document } = await runProgram(['backup', service, 'manual'], environment, backupPhases);
  for (let pair = 0; pair <= options.pairs; pair += 1) {
    say(`${service}: restore, pair ${pair} of ${options.pairs}${pair === 0 ? ' (warm-up)' : ''}`);
    const raw = await rawSeconds(restore, environment);
    const ours = await runProgram(['restore', backupIdOf(document)], environment, restorePhases);
    await measure([path.join(import.meta.dirname, '..', 'bin', 'physics-backup'), 'recover', 'finish'], environment);
    if (pair > 0) pairs.push({ ours, raw });
  }
  return pairs;
}

async function rawSeconds(tool: RawTool | undefined, environment: Readonly<Record<string, string>>): Promise<number> {
  if (tool === undefined) return Number.NaN;
  const { seconds } = await measure(['bash', '-o', 'pipefail', '-ec', tool.script], environment);
  return seconds;
}

/** Stored bytes of the newest backup's artifacts. */
async function newestBytes(environment: Readonly<Record<string, string>>, service: string): Promise<number> {
  const directory = path.join(environment['BACKUP_DIR'] ?? '', service, 'manual');
  const names = (await readdir(directory)).toSorted();
  const [id = ''] = names.at(-1)?.split('.') ?? [];
  const artifacts = names.filter((each) => each.startsWith(id) && each.endsWith('.enc'));
  const sizes = await Promise.all(artifacts.map(async (each) => (await stat(path.join(directory, each))).size));
  await Promise.all(names.filter((each) => !each.startsWith(id)).map((each) => rm(path.join(directory, each))));
  return sizes.reduce((a, b) => a + b, 0);
}

function reportOf(subject: Subject, backups: BackupRuns, restores: readonly Pair[]): SubjectReport {
  const runs = [...backups.pairs, ...restores].map((each) => each.ours);
  return {
    service: subject.service,
    storedBytes: backups.storedBytes,
    comparisons: [
      ...comparison('backup', subject.backup, backups.pairs, subject.targets.backup),
      ...comparison('restore', subject.restore, restores, subject.targets.restore),
      ...dumpComparison(backups),
      socketComparison(backups),
    ],
    proof: Object.fromEntries(PROOF.map((name) => [name, medianPhase(name, runs)]).filter(([, each]) => each !== 0)),
    backupSeconds: spread(backups.pairs.map((each) => each.ours.seconds)),
    restoreSeconds: spread(restores.map((each) => each.ours.seconds)),
    ownMiB: Math.max(...runs.map((each) => each.ownMiB)),
    childrenMiB: Math.max(...runs.map((each) => each.childrenMiB)),
  };
}

function comparison(
  name: string,
  tool: RawTool | undefined,
  pairs: readonly Pair[],
  target: number | undefined,
): Comparison[] {
  if (tool === undefined || pairs.length === 0) return [];
  return [
    {
      name,
      against: tool.name,
      ratio: spread(pairs.map(({ ours, raw }) => ours.work / raw)),
      ours: spread(pairs.map(({ ours }) => ours.work)),
      raw: spread(pairs.map(({ raw }) => raw)),
      target,
    },
  ];
}

function dumpComparison({ pairs, dumps }: BackupRuns): Comparison[] {
  if (dumps.length === 0) return [];
  return [
    {
      name: 'backup',
      against: 'neo4j-admin database dump (server stopped)',
      ratio: spread(pairs.map(({ ours }, at) => ours.work / (dumps[at] ?? Number.NaN))),
      ours: spread(pairs.map(({ ours }) => ours.work)),
      raw: spread(dumps),
      target: undefined,
    },
  ];
}

/** Of whole commands: what a socket adds is in no step. */
function socketComparison({ pairs, apart }: BackupRuns): Comparison {
  const alone = pairs.map(({ ours }) => ours.seconds);
  return {
    name: 'backup over a socket',
    against: 'the same in one process',
    ratio: spread(apart.map(({ seconds }, at) => seconds / (alone[at] ?? Number.NaN))),
    ours: spread(apart.map(({ seconds }) => seconds)),
    raw: spread(alone),
    target: SOCKET_TARGET,
  };
}

function medianPhase(name: string, runs: readonly ProgramRun[]): number {
  return spread(runs.flatMap(({ phases }) => phases[name] ?? [])).median;
}

function say(words: string): void {
  process.stderr.write(`${words}\n`);
}
