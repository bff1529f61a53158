import { type Command, InvalidArgumentError } from 'commander';
import type { CleanupResult } from '../../operations/cleanup.ts';
import type { ServiceResult } from '../../coordination/fan-out.ts';
import { type BackupType, BACKUP_TYPES, SERVICES } from '../../model/vocabulary.ts';
import type { RetentionDecision } from '../../policy/retention.ts';
import { damageError } from '../entries.ts';
import { count, formatBytes, formatTable } from '../format.ts';
import type { Session } from '../host.ts';
import { type Act, agentsOf, type Invocation } from '../invocation.ts';
import { noted, type ServiceEnd } from '../noting.ts';
import type { Outcome } from '../outcome.ts';
import { parseServices, parseType } from '../words.ts';

interface Options {
  readonly dryRun?: boolean;
  readonly olderThan?: number;
  readonly keepAtLeast?: number;
}

export function registerCleanup(program: Command, act: Act): void {
  program
    .command('cleanup')
    .description('remove the backups whose time is over; each that stays has a reason')
    .argument('<service>', `${SERVICES.join(', ')} or all`)
    .argument('[type]', `${BACKUP_TYPES.join(', ')} or all`, 'all')
    .option('--dry-run', 'only show what would be removed')
    .option('--older-than <days>', 'nothing younger either, whatever its rule', wholeNumber)
    .option('--keep-at-least <n>', 'good backups of each type that stay (else: BACKUP_KEEP_AT_LEAST)', wholeNumber)
    .action((service: string, type: string, options: Options) =>
      act((invocation) => cleanup(service, type, options, invocation)),
    );
}

function wholeNumber(word: string): number {
  if (/^[1-9]\d{0,5}$/.test(word)) return Number(word);
  throw new InvalidArgumentError('It must be a whole number, 1 or more.');
}

async function cleanup(
  serviceWord: string,
  typeWord: string,
  options: Options,
  invocation: Invocation,
): Promise<Outcome> {
  const services = parseServices(serviceWord);
  const types = typeWord === 'all' ? 'all' : [parseType(typeWord)];
  const log = options.dryRun === true ? 'none' : 'backup';
  await using session = await invocation.open({ services, access: 'manifests', log });
  const isOff = options.dryRun !== true && !session.retention.enabled;
  const dryRun = options.dryRun === true || isOff;
  const work = (): ReturnType<typeof cleaned> => cleaned(types, { ...options, dryRun }, session, invocation);
  const run = { kind: 'cleanup', ...(types === 'all' ? {} : { type: types[0] as BackupType }) } as const;
  const results = dryRun ? await work() : await noted(run, session, work, (found) => found.map((each) => endOf(each)));
  const warnings = isOff ? ['CLEANUP_ENABLED is false: nothing was removed'] : [];
  return { ...outcomeOf(results, dryRun), warnings };
}

async function cleaned(
  types: readonly BackupType[] | 'all',
  { dryRun = false, olderThan, keepAtLeast }: Options,
  session: Session,
  { host }: Invocation,
): Promise<readonly ServiceResult<CleanupResult>[]> {
  const { cleanUpServices } = await import('../../coordination/cleanup.ts');
  const { rules } = session.retention;
  const request = {
    types,
    dryRun,
    rules: { ...rules, ...(keepAtLeast === undefined ? {} : { keepAtLeast }) },
    ...(olderThan === undefined ? {} : { olderThanDays: olderThan }),
  };
  const deps = { ...session.coordination, repository: await session.repository() };
  return await cleanUpServices(agentsOf(session), request, deps, host.signal);
}

function errorsIn({ value, error }: ServiceResult<CleanupResult>): Error[] {
  return value === undefined ? (error === undefined ? [] : [error]) : value.damage.map((each) => damageError(each));
}

function endOf(result: ServiceResult<CleanupResult>): ServiceEnd {
  return { service: result.service, errors: errorsIn(result) };
}

function outcomeOf(results: readonly ServiceResult<CleanupResult>[], dryRun: boolean): Outcome {
  const done = results.flatMap(({ value }) => value ?? []);
  const decisions = done.flatMap((each) => each.decisions);
  const leaving = decisions.filter((each) => !each.keep);
  const bytes = leaving.reduce((sum, each) => sum + each.backup.storedBytes, 0);
  const orphans = done.flatMap((each) => each.orphans);
  const would = dryRun ? 'would be removed' : 'removed';
  const totals = `${count(leaving.length, 'backup')} ${would} (${formatBytes(bytes)}), ${decisions.length - leaving.length} kept`;
  const swept = orphans.map((each) => `deleted ${each}, left by a run that was killed`);
  return {
    data: {
      dryRun,
      plan: decisions.map((each) => decisionData(each)),
      removed: done.flatMap((each) => each.removed),
      bytes,
      orphans,
    },
    text: [
      ...(decisions.length === 0 ? [] : [planTable(decisions)]),
      ...swept,
      ...(done.length === 0 ? [] : [totals]),
    ].join('\n'),
    errors: results.flatMap((each) => errorsIn(each)),
  };
}

function decisionData({ backup: { manifest, storedBytes }, keep, reason }: RetentionDecision): object {
  const { id, service, type, moment } = manifest;
  return { id, service, type, moment, bytes: storedBytes, keep, reason };
}

function planTable(decisions: readonly RetentionDecision[]): string {
  return formatTable(decisions, [
    { title: 'BACKUP', of: ({ backup }) => backup.manifest.id },
    { title: 'PLAN', of: ({ keep }) => (keep ? 'keep' : 'remove') },
    { title: 'WHY', of: ({ reason }) => reason },
  ]);
}
