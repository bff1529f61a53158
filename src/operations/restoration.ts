import { BackupError } from '../base/errors.ts';
import { RecoveryJournal } from '../journal/recovery-journal.ts';
import { replay, type ServiceProgress } from '../journal/recovery-state.ts';
import type { Run, StageResult } from '../model/agent.ts';
import { compareFacts } from '../model/facts.ts';
import type { StagedRestore } from '../model/source.ts';
import type { BackupId } from '../model/vocabulary.ts';
import type { ServiceLock } from '../repository/lock.ts';
import { type DisposableContext, openContext } from './context.ts';
import type { OperationDependencies } from './dependencies.ts';
import { assertNoProblem } from './preflight.ts';
import { safetyCopies } from './safety-copies.ts';

/**
 * The restore of one service within a recovery: holds the service's lock and the staged copy. Every verb notes in
 * the journal before and after, and may be called again after a crash.
 */
export class Restoration implements AsyncDisposable {
  readonly #deps: OperationDependencies;
  readonly #journal: RecoveryJournal;
  readonly #staged: StagedRestore | undefined;
  readonly #work: DisposableContext;
  readonly #lock: ServiceLock;

  private constructor(
    deps: OperationDependencies,
    journal: RecoveryJournal,
    staged: StagedRestore | undefined,
    work: DisposableContext,
    lock: ServiceLock,
  ) {
    this.#deps = deps;
    this.#journal = journal;
    this.#staged = staged;
    this.#work = work;
    this.#lock = lock;
  }

  /** Puts a backup beside the live data. Nothing live is changed; a failure leaves nothing staged. */
  static async stage(recovery: string, id: BackupId, deps: OperationDependencies, run: Run): Promise<Restoration> {
    const stored = await deps.repository.find(id, run.signal);
    return await Restoration.#open(recovery, deps, run, async ({ context }, journal, lock) => {
      assertNoProblem(deps.source.service, await deps.source.inspect(context), 'restore');
      const chain = [deps.repository.open(stored, run)];
      const safety = safetyCopies(journal, lock, deps);
      run.progress.step('stage');
      return await deps.source.stage(
        { chain, target: 'live' },
        journal.forService(deps.source.service),
        safety,
        context,
      );
    });
  }

  /** Whether it announced a handle: before that it has done nothing. */
  static async isBegun(recovery: string, deps: OperationDependencies): Promise<boolean> {
    const { handle } = await progressOf(new RecoveryJournal(deps.stateDirectory, recovery, deps), deps);
    return handle !== undefined;
  }

  /** Takes a restore up again from its journal; nothing to take up when it never announced a handle. */
  static async attach(recovery: string, deps: OperationDependencies, run: Run): Promise<Restoration> {
    return await Restoration.#open(recovery, deps, run, async ({ context }, journal, lock) => {
      const { handle, notes } = await progressOf(journal, deps);
      if (handle === undefined) return undefined;
      const safety = safetyCopies(journal, lock, deps);
      return await deps.source.attach(handle, notes, journal.forService(deps.source.service), safety, context);
    });
  }

  static async #open(
    recovery: string,
    deps: OperationDependencies,
    run: Run,
    begin: (work: DisposableContext, journal: RecoveryJournal, lock: ServiceLock) => Promise<StagedRestore | undefined>,
  ): Promise<Restoration> {
    await using stack = new AsyncDisposableStack();
    const journal = new RecoveryJournal(deps.stateDirectory, recovery, deps);
    const lock = stack.use(await deps.repository.lock(deps.source.service, run.signal));
    const work = stack.use(await openContext(deps, run));
    const staged = await begin(work, journal, lock);
    stack.move();
    return new Restoration(deps, journal, staged, work, lock);
  }

  /** Counts the staged copy and compares it with the facts of the capture. */
  async compare(backup: BackupId, run: Run): Promise<Omit<StageResult, 'seconds' | 'phases'>> {
    const staged = this.#required();
    run.progress.step('compare with facts');
    const { manifest } = await this.#deps.repository.find(backup, run.signal);
    const differences = compareFacts(manifest.facts, await staged.facts(this.#contextFor(run)));
    if (differences.length === 0) await this.#journal.append({ event: 'staged', service: this.#service });
    await this.#deps.reached('restore.compared');
    return { backup, cutover: staged.cutover, differences, warnings: staged.warnings ?? [] };
  }

  /** Live becomes the staged copy. */
  async swap(run: Run): Promise<void> {
    const staged = this.#required();
    run.progress.step('swap');
    await this.#journal.append({ event: 'swapping', service: this.#service });
    await this.#deps.reached('swap.intended');
    await staged.swap(this.#contextFor(run));
    await this.#deps.reached('swap.done');
    await this.#journal.append({ event: 'swapped', service: this.#service });
  }

  /** What was live is live again, and nothing staged is left. */
  async rollback(run: Run): Promise<void> {
    run.progress.step('roll back');
    const context = this.#contextFor(run);
    await this.#staged?.rollback(context);
    await this.#staged?.discard(context);
    await this.#journal.append({ event: 'rolled-back', service: this.#service });
  }

  /** Destroys what was replaced. */
  async finish(run: Run): Promise<void> {
    run.progress.step('remove what was replaced');
    await this.#deps.reached('finish.intended');
    await this.#staged?.finish(this.#contextFor(run));
    await this.#deps.reached('finish.done');
    await this.#journal.append({ event: 'finished', service: this.#service });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    stack.use(this.#lock);
    stack.use(this.#work);
    if (this.#staged !== undefined) stack.use(this.#staged);
  }

  get #service() {
    return this.#deps.source.service;
  }

  /** Rolling back goes on after the run was cancelled: each verb has the signal of its own run. */
  #contextFor({ signal, progress }: Run) {
    return { ...this.#work.context, signal, progress };
  }

  #required(): StagedRestore {
    if (this.#staged !== undefined) return this.#staged;
    throw new BackupError(`${this.#service}: nothing is staged for recovery ${this.#journal.id}`, {
      kind: 'not-found',
    });
  }
}

async function progressOf(
  journal: RecoveryJournal,
  deps: OperationDependencies,
): Promise<Partial<ServiceProgress> & Pick<ServiceProgress, 'notes'>> {
  const { services } = replay(await journal.events());
  return services.find((each) => each.service === deps.source.service) ?? { notes: [] };
}
