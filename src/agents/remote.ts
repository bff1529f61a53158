import type { Log } from '../base/log.ts';
import type {
  Agent,
  BackupEntry,
  BackupRequest,
  BackupResult,
  History,
  Run,
  StageResult,
  Validation,
} from '../model/agent.ts';
import type { ValidationLevel } from '../model/backup.ts';
import type { Inspection } from '../model/source.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';
import { type AgentAddress, callAgent } from './call.ts';
import { Lease } from './lease.ts';
import type { AgentLine, VerbName, Verbs } from './protocol.ts';

/** An agent behind a socket, in a process that has the service's tools and data. What it notes goes to our log. */
export class RemoteAgent implements Agent {
  readonly service: Service;
  readonly #address: AgentAddress;
  readonly #log: Log;
  readonly #leases = new Map<string, Lease>();

  constructor(address: AgentAddress, log: Log) {
    this.service = address.service;
    this.#address = address;
    this.#log = log;
  }

  inspect(run: Run): Promise<Inspection> {
    return this.#call('inspect', {}, run);
  }

  backup({ type, recoveryPoint, momentFixed }: BackupRequest, run: Run): Promise<BackupResult> {
    return this.#call('backup', { type, recoveryPoint }, run, (line) => {
      if (line.event === 'moment') momentFixed?.(line.at);
    });
  }

  async history(run: Run): Promise<History> {
    const backups: BackupEntry[] = [];
    const { damage } = await this.#call('history', {}, run, (line) => {
      if (line.event === 'item') backups.push(line.value as BackupEntry);
    });
    return { backups, damage };
  }

  validate(backup: BackupId, levels: readonly ValidationLevel[], run: Run): Promise<Validation> {
    return this.#call('validate', { backup, levels }, run);
  }

  async stage(recovery: string, backup: BackupId, run: Run): Promise<StageResult> {
    await this.#hold(recovery, run);
    return await this.#call('stage', { recovery, backup }, run);
  }

  async swap(recovery: string, run: Run): Promise<void> {
    await this.#hold(recovery, run);
    await this.#call('swap', { recovery }, run);
  }

  async rollback(recovery: string, run: Run): Promise<void> {
    await this.#hold(recovery, run);
    await this.#call('rollback', { recovery }, run);
  }

  async finish(recovery: string, run: Run): Promise<void> {
    await this.#hold(recovery, run);
    await this.#call('finish', { recovery }, run);
  }

  /** An agent that has died has let go by that. */
  async release(recovery: string): Promise<void> {
    const lease = this.#leases.get(recovery);
    this.#leases.delete(recovery);
    await lease?.end();
  }

  /** An agent that was started anew holds nothing any more: it takes the recovery up again from its journal. */
  async #hold(recovery: string, run: Run): Promise<void> {
    if (this.#leases.get(recovery)?.alive === true) return;
    this.#leases.set(recovery, await Lease.open(recovery, this.#address, run.signal, (line) => this.#note(line)));
  }

  #call<V extends VerbName>(
    verb: V,
    given: Verbs[V]['arguments'],
    { signal, progress }: Run,
    listener: (line: AgentLine) => void = () => undefined,
  ): Promise<Verbs[V]['result']> {
    return callAgent(this.#address, verb, given, signal, (line) => {
      if (line.event === 'step') progress.step(line.name);
      else if (line.event === 'bytes') progress.bytes(line.done, line.total);
      this.#note(line);
      listener(line);
    });
  }

  #note(line: AgentLine): void {
    if (line.event === 'log') this.#log[line.level](line.message, line.fields);
  }
}
