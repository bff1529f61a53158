import type { Agent, BackupRequest, BackupResult, History, Run, StageResult, Validation } from '../model/agent.ts';
import type { ValidationLevel } from '../model/backup.ts';
import type { Inspection } from '../model/source.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';

/** An agent that is made when it is first needed: a driver takes up to 0.2 s and 25 MB to load. */
export class DeferredAgent implements Agent {
  readonly service: Service;
  readonly #make: () => Promise<Agent>;
  #made: Promise<Agent> | undefined;

  constructor(service: Service, make: () => Promise<Agent>) {
    this.service = service;
    this.#make = make;
  }

  async inspect(run: Run): Promise<Inspection> {
    return await (await this.#agent()).inspect(run);
  }

  async backup(request: BackupRequest, run: Run): Promise<BackupResult> {
    return await (await this.#agent()).backup(request, run);
  }

  async history(run: Run): Promise<History> {
    return await (await this.#agent()).history(run);
  }

  async validate(id: BackupId, levels: readonly ValidationLevel[], run: Run): Promise<Validation> {
    return await (await this.#agent()).validate(id, levels, run);
  }

  async stage(recovery: string, id: BackupId, run: Run): Promise<StageResult> {
    return await (await this.#agent()).stage(recovery, id, run);
  }

  async swap(recovery: string, run: Run): Promise<void> {
    await (await this.#agent()).swap(recovery, run);
  }

  async rollback(recovery: string, run: Run): Promise<void> {
    await (await this.#agent()).rollback(recovery, run);
  }

  async finish(recovery: string, run: Run): Promise<void> {
    await (await this.#agent()).finish(recovery, run);
  }

  /** One that was never made has nothing open. */
  async release(recovery: string): Promise<void> {
    await (await this.#made)?.release(recovery);
  }

  #agent(): Promise<Agent> {
    return (this.#made ??= this.#make());
  }
}
