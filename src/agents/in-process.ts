import { stopwatch } from '../base/clock.ts';
import { BackupError } from '../base/errors.ts';
import type { Agent, BackupRequest, BackupResult, History, Run, StageResult, Validation } from '../model/agent.ts';
import type { ValidationLevel } from '../model/backup.ts';
import type { Inspection } from '../model/source.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';
import { backup } from '../operations/backup.ts';
import { openContext } from '../operations/context.ts';
import type { OperationDependencies } from '../operations/dependencies.ts';
import { history } from '../operations/history.ts';
import { timedRun } from '../operations/phases.ts';
import { Restoration } from '../operations/restoration.ts';
import { validateStored } from '../operations/validate.ts';

/** An agent whose tools and data are where this process runs. Keeps a restore open between its verbs. */
export class InProcessAgent implements Agent {
  readonly service: Service;
  readonly #deps: OperationDependencies;
  readonly #open = new Map<string, Restoration>();

  constructor(deps: OperationDependencies) {
    this.service = deps.source.service;
    this.#deps = deps;
  }

  async inspect(run: Run): Promise<Inspection> {
    await using work = await openContext(this.#deps, run);
    return await this.#deps.source.inspect(work.context);
  }

  backup(request: BackupRequest, run: Run): Promise<BackupResult> {
    return backup(request, this.#deps, run);
  }

  history(run: Run): Promise<History> {
    return history(this.#deps, run);
  }

  validate(id: BackupId, levels: readonly ValidationLevel[], run: Run): Promise<Validation> {
    return validateStored(id, levels, this.#deps, run);
  }

  async stage(recovery: string, id: BackupId, run: Run): Promise<StageResult> {
    if (this.#open.has(recovery)) {
      throw new BackupError(`recovery ${recovery} has staged ${this.service} already`, { kind: 'busy' });
    }
    const seconds = stopwatch();
    const timed = timedRun(run);
    const restoration = await Restoration.stage(recovery, id, this.#deps, timed);
    this.#open.set(recovery, restoration);
    const compared = await restoration.compare(id, timed);
    run.progress.step('waiting'); // for the other services
    return { ...compared, seconds: seconds(), phases: timed.phases() };
  }

  async swap(recovery: string, run: Run): Promise<void> {
    await (await this.#restoration(recovery, run)).swap(run);
    run.progress.step('waiting');
  }

  /** Where nothing was staged there is nothing to put back, and another run may well hold the service's lock. */
  async rollback(recovery: string, run: Run): Promise<void> {
    if (!this.#open.has(recovery) && !(await Restoration.isBegun(recovery, this.#deps))) return;
    await (await this.#restoration(recovery, run)).rollback(run);
  }

  async finish(recovery: string, run: Run): Promise<void> {
    await (await this.#restoration(recovery, run)).finish(run);
  }

  async release(recovery: string): Promise<void> {
    const restoration = this.#open.get(recovery);
    this.#open.delete(recovery);
    await restoration?.[Symbol.asyncDispose]();
  }

  async #restoration(recovery: string, run: Run): Promise<Restoration> {
    const open = this.#open.get(recovery);
    if (open !== undefined) return open;
    const attached = await Restoration.attach(recovery, this.#deps, run);
    this.#open.set(recovery, attached);
    return attached;
  }
}
