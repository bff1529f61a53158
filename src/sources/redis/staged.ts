import { BackupError } from '../../base/errors.ts';
import type { Facts } from '../../model/facts.ts';
import type {
  Context,
  ReadableBackup,
  RestoreJournal,
  SafetyCopies,
  StagedHandle,
  StagedRestore,
  StagedState,
} from '../../model/source.ts';
import type { BackupId } from '../../model/vocabulary.ts';
import { connectRedis, type RedisConnection } from '../../sandbox/redis-connection.ts';
import type { RedisSandbox } from '../../sandbox/redis.ts';
import { loadBackup } from './content.ts';
import { countFacts, withExpired } from './count.ts';
import { holdWriters, waitUntil } from './live.ts';
import { type Direction, liveData, type Progress, progressOf, type RedisNote, stateOf } from './notes.ts';
import { putBackSettings, replaceLive } from './replace.ts';
import { sandboxHost } from './own-address.ts';
import { liveAddress, type RedisSettings } from './settings.ts';

export interface StagedParts {
  readonly handle: StagedHandle;
  readonly settings: RedisSettings;
  readonly journal: RestoreJournal;
  readonly safety: SafetyCopies;
  /** What was noted by the processes before this one. */
  readonly notes: readonly Readonly<Record<string, string>>[];
  /** Undefined after a crash: made anew from the backup when it is needed. */
  readonly sandbox?: RedisSandbox;
}

/**
 * A backup in a sandbox, to be written over the live data by replication. What the live server held is in an
 * ordinary sealed backup (the safety copy), taken while writers are held back; a rollback writes it the same way.
 */
export class StagedRedis implements StagedRestore {
  readonly handle: StagedHandle;
  readonly cutover = 'rewrite';
  readonly #parts: StagedParts;
  readonly #notes: Readonly<Record<string, string>>[];
  #sandbox: RedisSandbox | undefined;

  constructor(parts: StagedParts) {
    this.handle = parts.handle;
    this.#parts = parts;
    this.#notes = [...parts.notes];
    this.#sandbox = parts.sandbox;
  }

  async state(context: Context): Promise<StagedState> {
    await using live = await this.#live(context);
    return stateOf(this.#progress(), await live.info('replication'), this.#sandbox !== undefined);
  }

  async facts(context: Context): Promise<Facts> {
    const sandbox = await this.#staged(context);
    const { facts } = await this.#parts.safety.open(this.handle.backup, context);
    return withExpired(await countFacts(sandbox.connection, context), facts);
  }

  async swap(context: Context): Promise<void> {
    await using live = await this.#live(context);
    if (stateOf(this.#progress(), await live.info('replication'), true) === 'swapped') return;
    const sandbox = await this.#staged(context);
    await using _paused = await holdWriters(live);
    await context.reached('redis.paused');
    await standAlone(live, context.signal); // a replica without its master gives no copy
    // What was written since an earlier attempt must be in the safety copy too.
    if (liveData(this.#progress(), await live.info('replication')) === 'untouched') await this.#keepLive(context);
    await this.#replace('swap', live, sandbox, context);
    await this.#note({ step: 'swapped' });
  }

  async rollback(context: Context): Promise<void> {
    if (this.#progress().ended === 'rolled-back' || this.#progress().ended === 'discarded') return;
    await this.#dropSandbox(); // nothing more may come from it
    await using live = await this.#live(context);
    await using _paused = await holdWriters(live);
    await standAlone(live, context.signal);
    const { safety } = this.#progress();
    if (liveData(this.#progress(), await live.info('replication')) !== 'untouched')
      await this.#putBack(safety, live, context);
    await putBackSettings(live, this.#progress(), (note) => this.#note(note));
    await this.#note({ step: 'rolled-back' });
  }

  async finish(): Promise<void> {
    await this.#dropSandbox();
    if (this.#progress().ended !== 'finished') await this.#note({ step: 'finished' }); // the copy is the operation's to unpin
  }

  async discard(): Promise<void> {
    await this.#dropSandbox();
    const { ended } = this.#progress();
    if (ended !== 'discarded' && ended !== 'rolled-back') await this.#note({ step: 'discarded' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dropSandbox();
  }

  /** An ordinary sealed backup of the live data, verified, its id noted before anything is changed. */
  async #keepLive(context: Context): Promise<void> {
    context.progress.step('safety copy');
    const copy = await this.#parts.safety.capture(context);
    await this.#note({ step: 'safety', backup: copy.id });
    await context.reached('redis.safe');
  }

  async #putBack(safety: BackupId | undefined, live: RedisConnection, context: Context): Promise<void> {
    if (safety === undefined)
      throw new BackupError('redis: the journal names no safety copy of the live data', { kind: 'failed' });
    await using sandbox = await this.#load(await this.#parts.safety.open(safety, context), context);
    await this.#replace('rollback', live, sandbox, context);
  }

  async #replace(direction: Direction, live: RedisConnection, sandbox: RedisSandbox, context: Context): Promise<void> {
    const note = (entry: RedisNote): Promise<void> => this.#note(entry);
    const progress = (): Progress => this.#progress();
    const host = await sandboxHost(this.#parts.settings, context.signal);
    await replaceLive({ live, sandbox, host, direction, progress, note }, context);
  }

  async #staged(context: Context): Promise<RedisSandbox> {
    this.#sandbox ??= await this.#load(await this.#parts.safety.open(this.handle.backup, context), context);
    return this.#sandbox;
  }

  #load(backup: ReadableBackup, context: Context): Promise<RedisSandbox> {
    return loadBackup(backup, this.#parts.settings, 'live', context);
  }

  async #dropSandbox(): Promise<void> {
    const sandbox = this.#sandbox;
    this.#sandbox = undefined;
    await sandbox?.[Symbol.asyncDispose]();
  }

  #live({ signal }: Context): Promise<RedisConnection> {
    return connectRedis(liveAddress(this.#parts.settings), signal);
  }

  #progress(): Progress {
    return progressOf(this.#notes);
  }

  async #note(note: RedisNote): Promise<void> {
    const entry: Readonly<Record<string, string>> = { ...note };
    await this.#parts.journal.note(entry);
    this.#notes.push(entry);
  }
}

/** Ends a replication that was left over; one whose file has arrived is let finish, for a half loaded one is neither. */
async function standAlone(live: RedisConnection, signal: AbortSignal): Promise<void> {
  await waitUntil(
    async () => {
      const { loading, loading_loaded_bytes: state = '' } = await live.info('persistence');
      return { done: loading === '0', state };
    },
    {
      what: 'the live server does not finish loading',
      hint: 'look at its log',
      kind: 'failed',
      patienceMilliseconds: 60_000,
    },
    signal,
  );
  if ((await live.info('replication'))['role'] !== 'master') await live.send('REPLICAOF', 'NO', 'ONE');
}
