import { stopwatch } from '../base/clock.ts';
import type { BackupRequest, BackupResult, Run } from '../model/agent.ts';
import { isVerified, type Manifest, type ValidationOutcome } from '../model/backup.ts';
import { BackupError } from '../base/errors.ts';
import type { Facts } from '../model/facts.ts';
import type { Instant } from '../model/vocabulary.ts';
import { suspicions } from '../policy/suspicion.ts';
import type { ServiceLock } from '../repository/lock.ts';
import type { StoredBackup } from '../repository/repository.ts';
import { openContext } from './context.ts';
import type { OperationDependencies } from './dependencies.ts';
import { assertNoProblem } from './preflight.ts';
import { validate } from './validate.ts';

/** Captures one service. The manifest is the commit: until it is written, there is no backup. */
export async function backup(request: BackupRequest, deps: OperationDependencies, run: Run): Promise<BackupResult> {
  const { source, repository } = deps;
  assertSupported(request, deps);
  await using lock = await repository.lock(source.service, run.signal);
  return await capture({ ...request, purpose: 'scheduled' }, lock, deps, run);
}

export interface CaptureRequest extends BackupRequest {
  readonly purpose: Manifest['purpose'];
}

/** The same under a lock that is already held: a restore's safety copy. */
export async function capture(
  request: CaptureRequest,
  lock: ServiceLock,
  deps: OperationDependencies,
  run: Run,
): Promise<BackupResult> {
  const total = stopwatch();
  const phases: Record<string, number> = {};
  const stored = await write(request, lock, phases, deps, run);
  const outcomes = deps.validate ? await timed(phases, 'content', () => proveContent(stored, deps, run)) : [];
  return { manifest: stored.manifest, storedBytes: stored.bytes, seconds: total(), phases, outcomes };
}

async function write(
  request: CaptureRequest,
  lock: ServiceLock,
  phases: Record<string, number>,
  deps: OperationDependencies,
  run: Run,
): Promise<StoredBackup> {
  const { source, repository } = deps;
  await using work = await openContext(deps, run);
  const { context } = work;
  const inspection = await timed(phases, 'preflight', () => source.inspect(context));
  assertNoProblem(source.service, inspection, 'backup');
  const predecessor = await lastGoodFacts(deps, run);
  await using draft = await repository.draft(source.service, request.type, lock, run);
  let moment: Instant = deps.clock.now();
  const captured = await timed(phases, 'capture', () =>
    source.capture(request.type, draft, (at) => request.momentFixed?.((moment = at)), context),
  );
  if (deps.validate) await timed(phases, 'read back', () => draft.readBack(run.signal));
  run.progress.step('commit');
  return await timed(phases, 'commit', () =>
    draft.commit({
      ...captured,
      moment,
      recoveryPoint: request.recoveryPoint,
      parent: null,
      purpose: request.purpose,
      suspect: request.purpose === 'safety' ? [] : suspicions(captured.facts, predecessor),
    }),
  );
}

function proveContent(stored: StoredBackup, deps: OperationDependencies, run: Run): Promise<ValidationOutcome[]> {
  return validate(stored, ['integrity', 'content'], deps, run);
}

function assertSupported({ type }: BackupRequest, { source }: OperationDependencies): void {
  const { types } = source.capabilities;
  if (types.includes(type)) return;
  throw new BackupError(`${source.service}: backups of type "${type}" are not built yet`, {
    kind: 'usage',
    hint: `use one of: ${types.join(', ')}`,
  });
}

/** The facts that a new capture is held against: those of the newest verified backup that is not itself suspect. */
async function lastGoodFacts(deps: OperationDependencies, run: Run): Promise<Facts> {
  const { backups } = await deps.repository.history(deps.source.service, run.signal);
  const good = backups.findLast(
    ({ manifest, proof }) => manifest.purpose === 'scheduled' && manifest.suspect.length === 0 && isVerified(proof),
  );
  return good?.manifest.facts ?? {};
}

async function timed<T>(phases: Record<string, number>, name: string, work: () => Promise<T>): Promise<T> {
  const seconds = stopwatch();
  try {
    return await work();
  } finally {
    phases[name] = seconds();
  }
}
