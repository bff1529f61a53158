import { stopwatch } from '../base/clock.ts';
import { asError, BackupError, reason, SeveralErrors, throwIfAborted } from '../base/errors.ts';
import { RecoveryJournal } from '../journal/recovery-journal.ts';
import { replay } from '../journal/recovery-state.ts';
import type { Agent, Damage, History, StageResult } from '../model/agent.ts';
import type { Cutover } from '../model/source.ts';
import { type BackupId, isBackupId, parseBackupId, type Service } from '../model/vocabulary.ts';
import { choosePoint, NOT_VERIFIED, type PointRequest, type RecoveryPoint } from '../policy/recovery-point.ts';
import {
  type CoordinatedRun,
  errorsOf,
  forEachAgent,
  runOf,
  type ServiceResult,
  valuesOf,
  withAgent,
} from './fan-out.ts';
import { type CoordinationDependencies, lockRecovery, rollBack, settleUnderLock } from './settle.ts';

export interface RecoverRequest extends PointRequest {
  /** Stage the services at the same time (`PARALLEL_RECOVERY`). */
  readonly parallel: boolean;
}

export interface RecoveryReport {
  /** Names the recovery for `recover rollback` and `recover finish`. */
  readonly id: string;
  readonly point: RecoveryPoint;
  readonly staged: readonly StageResult[];
  /** Of the choice of the point, and of what was staged. */
  readonly warnings: readonly string[];
  /** From the start to the commit: the recovery time that was achieved. */
  readonly seconds: number;
  readonly phases: Readonly<Record<'stage' | 'swap', number>>;
}

/**
 * Recovers services from one point: stages all beside the live data, compares each with its facts, swaps, and keeps
 * what was replaced until `finish`. A failure in any of them puts all back.
 */
export async function recover(
  request: RecoverRequest,
  deps: CoordinationDependencies,
  run: CoordinatedRun,
): Promise<RecoveryReport> {
  const seconds = stopwatch();
  await using _lock = await lockRecovery(deps, run.signal);
  await settleUnderLock(deps, run);
  const agents = deps.agents.filter((each) => request.services.includes(each.service));
  const point = await choose(request, agents, run);
  const journal = new RecoveryJournal(deps.stateDirectory, recoveryId(deps), deps);
  await journal.append({ event: 'begun', backups: backupsByService(point) });
  try {
    const staged = await stageAll(point, journal.id, request, agents, run);
    const stageSeconds = seconds();
    await swapAll(staged, journal.id, agents, run);
    await assertHealthy(agents, run);
    await journal.append({ event: 'committed' });
    await noteEnd(journal, deps);
    const total = seconds();
    return {
      id: journal.id,
      point,
      staged,
      warnings: [...point.warnings, ...staged.flatMap(warningsOf)],
      seconds: total,
      phases: { stage: stageSeconds, swap: total - stageSeconds },
    };
  } catch (error) {
    await undo(journal, asError(error), deps, run);
    throw error;
  } finally {
    await Promise.all(agents.map((agent) => agent.release(journal.id)));
  }
}

async function choose(request: PointRequest, agents: readonly Agent[], run: CoordinatedRun): Promise<RecoveryPoint> {
  const histories = await forEachAgent(agents, (agent) => agent.history(runOf(run, agent.service)));
  const errors = errorsOf(histories);
  if (errors.length > 0) throw new SeveralErrors('the backups could not be read', errors);
  const { point, reasons } = choosePoint(
    valuesOf(histories).flatMap((each) => each.backups),
    request,
  );
  const damage = valuesOf(histories).flatMap((each) => each.damage.filter((found) => concerns(found, request)));
  if (point !== undefined) return { ...point, warnings: [...point.warnings, ...damage.map((each) => each.message)] };
  const nothing = `nothing to recover from matches "${request.selector}"`;
  if (damage.length > 0) throw new SeveralErrors(nothing, damage.map(damageError));
  assertPassed(request, histories);
  const unverified = reasons.some((each) => each.endsWith(NOT_VERIFIED));
  throw new BackupError(`${nothing}: ${summary(reasons)}`, {
    kind: 'not-found',
    hint: unverified ? 'check them first: physics-backup validate --all' : 'see what there is: physics-backup list',
  });
}

/** A backup that was named and failed a check is damaged, not missing. */
function assertPassed({ selector }: PointRequest, histories: readonly ServiceResult<History>[]): void {
  const named = valuesOf(histories).flatMap((each) => each.backups.filter(({ manifest }) => manifest.id === selector));
  const failed = named.flatMap(({ proof }) => proof?.outcomes ?? []).find((each) => !each.passed);
  if (failed === undefined) return;
  throw new BackupError(
    `${selector} failed its check (${failed.level}): ${failed.errors[0] ?? 'no reason was noted'}`,
    {
      kind: 'damaged',
      hint: 'choose another backup: physics-backup list',
    },
  );
}

/** Of a backup that was named, what is wrong with others does not matter. */
function concerns({ message }: Damage, { selector }: PointRequest): boolean {
  return !isBackupId(selector) || message.includes(selector);
}

function damageError({ message, kind, hint = 'see what is still good: physics-backup list' }: Damage): BackupError {
  return new BackupError(message, { kind, hint });
}

function summary(reasons: readonly string[]): string {
  const shown = reasons.slice(0, 4).join('; ');
  if (reasons.length <= 4) return shown === '' ? 'there are no backups' : shown;
  return `${shown}; and ${reasons.length - 4} more`;
}

function recoveryId(deps: CoordinationDependencies): string {
  return `recovery_${deps.clock.now().slice(0, 23).replaceAll(/[-:.]/g, '').replace('T', '_')}`;
}

function backupsByService(point: RecoveryPoint): Partial<Record<Service, BackupId>> {
  return Object.fromEntries(point.backups.map((each) => [each.service, each.id]));
}

async function stageAll(
  point: RecoveryPoint,
  recovery: string,
  request: RecoverRequest,
  agents: readonly Agent[],
  run: CoordinatedRun,
): Promise<StageResult[]> {
  const stage = async (agent: Agent): Promise<StageResult> => {
    const backup = point.backups.find((each) => each.service === agent.service);
    if (backup === undefined) throw new BackupError(`the point holds no ${agent.service}`, { kind: 'not-found' });
    const staged = await agent.stage(recovery, backup.id, runOf(run, agent.service));
    assertEqual(agent.service, staged);
    return staged;
  };
  const results = await forEachAgent(agents, stage, request.parallel ? 'parallel' : 'sequential');
  throwIfAborted(run.signal);
  const errors = errorsOf(results);
  if (errors.length > 0) throw new SeveralErrors('nothing live was changed', errors);
  return valuesOf(results);
}

function warningsOf({ backup, warnings }: StageResult): string[] {
  return warnings.map((each) => `${parseBackupId(backup)?.service ?? backup}: ${each}`);
}

function assertEqual(service: Service, { backup, differences }: StageResult): void {
  const [first] = differences;
  if (first === undefined) return;
  const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : '';
  throw new BackupError(
    `${service}: ${backup} restored does not equal what was captured: ${first.name} was ${String(first.expected)}, is ${String(first.actual)}${more}`,
    { kind: 'damaged', hint: 'nothing live was changed; recover from an earlier backup: list' },
  );
}

/** Those first whose swap takes longest to undo. */
const ORDER: Readonly<Record<Cutover, number>> = { rewrite: 0, restart: 1, atomic: 2 };

async function swapAll(
  staged: readonly StageResult[],
  recovery: string,
  agents: readonly Agent[],
  run: CoordinatedRun,
): Promise<void> {
  for (const { backup } of staged.toSorted((a, b) => ORDER[a.cutover] - ORDER[b.cutover])) {
    const agent = agents.find((each) => backup.startsWith(`${each.service}_`));
    throwIfAborted(run.signal);
    if (agent !== undefined) await withAgent(agent, () => agent.swap(recovery, runOf(run, agent.service)));
  }
}

/** A service that no longer answers, or lacks its database, was not recovered. */
async function assertHealthy(agents: readonly Agent[], run: CoordinatedRun): Promise<void> {
  const results = await forEachAgent(agents, async (agent) => {
    const { findings } = await agent.inspect(runOf(run, agent.service));
    const ill = findings.find((each) => each.kind === 'unreachable' || each.kind === 'missing');
    if (ill === undefined) return;
    throw new BackupError(`${agent.service} is not healthy after the swap: ${ill.message}`, { kind: 'failed' });
  });
  const errors = errorsOf(results);
  if (errors.length > 0) throw new SeveralErrors('not healthy after the swap', errors);
}

/** It is committed: a line that cannot be written must not undo it, and the next run writes it. */
async function noteEnd(journal: RecoveryJournal, deps: CoordinationDependencies): Promise<void> {
  await journal.append({ event: 'ended', outcome: 'recovered' }).catch((error: unknown) => {
    deps.log.warn(`the end of ${journal.id} could not be noted: ${reason(error)}`);
  });
}

/** Rolling back goes on when the run was cancelled: its signal is one that never aborts. */
async function undo(
  journal: RecoveryJournal,
  failure: Error,
  deps: CoordinationDependencies,
  run: CoordinatedRun,
): Promise<void> {
  try {
    const state = replay(await journal.events());
    // A commit record whose fsync failed may be there: without this the next run would take the recovery for done.
    if (state.committed) await journal.append({ event: 'undoing' });
    await rollBack({ journal, state }, deps, { ...run, signal: new AbortController().signal });
  } catch (error) {
    throw new SeveralErrors(`recovery ${journal.id} failed and could not be put back`, [failure, asError(error)]);
  }
}
