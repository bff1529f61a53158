import { stopwatch } from '../base/clock.ts';
import { BackupError } from '../base/errors.ts';
import type { BackupRequest, BackupResult, Run } from '../model/agent.ts';
import { isVerified, type Manifest } from '../model/backup.ts';
import type { Instant } from '../model/vocabulary.ts';
import { leastBytes } from '../policy/room.ts';
import { suspicions } from '../policy/suspicion.ts';
import type { ServiceLock } from '../repository/lock.ts';
import type { StoredBackup } from '../repository/stored-backup.ts';
import { openContext } from './context.ts';
import type { OperationDependencies } from './dependencies.ts';
import { openHistory } from './history.ts';
import { timedRun } from './phases.ts';
import { assertNoProblem, assertRoom } from './preflight.ts';
import type { Occasion } from './validation-notes.ts';
import { validate } from './validate.ts';

/** Captures one service. The manifest is the commit: until it is written, there is no backup. */
export async function backup(request: BackupRequest, deps: OperationDependencies, run: Run): Promise<BackupResult> {
  assertSupported(request, deps);
  await using lock = await deps.repository.lock(deps.source.service, run.signal);
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
  const seconds = stopwatch();
  const timed = timedRun(run);
  const stored = await write(request, lock, deps, timed);
  const outcomes = deps.validate
    ? await validate(stored, ['integrity', 'content'], occasionOf(request), deps, timed)
    : [];
  const phases = timed.phases();
  return { manifest: stored.manifest, storedBytes: stored.bytes, seconds: seconds(), phases, outcomes };
}

function occasionOf({ purpose }: CaptureRequest): Occasion {
  return purpose === 'safety' ? 'safety copy' : 'backup';
}

async function write(
  request: CaptureRequest,
  lock: ServiceLock,
  deps: OperationDependencies,
  run: Run,
): Promise<StoredBackup> {
  const { source, repository } = deps;
  await using work = await openContext(deps, run);
  run.progress.step('preflight');
  const inspection = await source.inspect(work.context);
  assertNoProblem(source.service, inspection, 'backup');
  const predecessor = await lastGood(deps, run);
  if (request.type !== 'schema') await assertRoom(leastBytes(inspection.bytes, predecessor?.bytes), deps);
  await using draft = await repository.draft(source.service, request.type, lock, run);
  let moment: Instant = deps.clock.now();
  run.progress.step('capture');
  const momentFixed = (at: Instant): void => {
    moment = at;
    request.momentFixed?.(at);
  };
  const captured = await source.capture(request.type, draft, momentFixed, work.context);
  if (deps.validate) {
    run.progress.step('read back');
    await draft.readBack(run.signal);
  }
  run.progress.step('commit');
  return await draft.commit({
    ...captured,
    moment,
    recoveryPoint: request.recoveryPoint,
    parent: null,
    purpose: request.purpose,
    suspect: comparable(request) ? suspicions(captured.facts, predecessor?.manifest.facts ?? {}) : [],
  });
}

/** A safety copy shows a bad day by its nature, and a schema has no rows to lose. */
function comparable({ purpose, type }: Pick<Manifest, 'purpose' | 'type'>): boolean {
  return purpose === 'scheduled' && type !== 'schema';
}

function assertSupported({ type }: BackupRequest, { source }: OperationDependencies): void {
  const { types } = source.capabilities;
  if (types.includes(type)) return;
  throw new BackupError(`${source.service}: backups of type "${type}" are not built yet`, {
    kind: 'usage',
    hint: `use one of: ${types.join(', ')}`,
  });
}

/** What a new capture is held against: the newest verified backup that is not itself suspect. */
async function lastGood(deps: OperationDependencies, run: Run): Promise<StoredBackup | undefined> {
  const { backups } = await openHistory(deps, run);
  return backups.findLast(
    ({ manifest, proof }) => comparable(manifest) && manifest.suspect.length === 0 && isVerified(proof),
  );
}
