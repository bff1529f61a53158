import { BackupError } from '../../base/errors.ts';
import { compareFacts, type Facts } from '../../model/facts.ts';
import type { Context, RestoreJournal, StagedHandle, StagedRestore, StagedState } from '../../model/source.ts';
import { untilItAnswers } from './answering.ts';
import { Graph } from './connection.ts';
import { moveBack, moveIn, type Moving, type Names, whereIs } from './exchange-moves.ts';
import { type ExchangeProgress, exchangeProgressOf } from './exchange-notes.ts';
import { factsOfGraph } from './graph-facts.ts';
import { assertSameServer, notTheSame } from './restore.ts';
import type { Note } from './restore-notes.ts';
import type { Neo4jAddress } from './settings.ts';
import type { StoreAccess, StoreDirectory } from './store-directory.ts';

/** What an exchange works with. */
export interface ExchangeDeps {
  readonly live: Neo4jAddress;
  readonly journal: RestoreJournal;
  readonly access: StoreAccess;
  /** Open as long as the restore is. */
  readonly store: StoreDirectory;
}

/**
 * A restore whose store was built in a sandbox and lies beside the live one; the two change places while the server
 * is stopped. What was replaced is the store itself, as the server left it.
 */
export class StoreExchange implements StagedRestore {
  readonly cutover = 'restart' as const;
  readonly handle: StagedHandle;
  readonly #deps: ExchangeDeps;
  readonly #notes: Note[];

  constructor(handle: StagedHandle, notes: readonly Note[], deps: ExchangeDeps) {
    this.handle = handle;
    this.#deps = deps;
    this.#notes = [...notes];
  }

  async state(): Promise<StagedState> {
    const { ended, staged, stopping, compared } = this.#progress;
    if (ended !== undefined) return ended;
    if (staged === undefined) return 'staging';
    const where = await whereIs(this.#place);
    if (where === 'staged' && !stopping) return 'staged';
    return where === 'live' && compared ? 'swapped' : 'swapping';
  }

  facts(): Promise<Facts> {
    const { staged } = this.#progress;
    if (staged !== undefined) return Promise.resolve(staged);
    return Promise.reject(new BackupError('neo4j: the backup was not staged to its end', { kind: 'failed' }));
  }

  async swap(context: Context): Promise<void> {
    const expected = await this.facts();
    this.#refuseAfterEnd('swapped');
    if ((await this.state()) === 'swapped') return;
    await this.#assertSameLive(context);
    await this.#whileStopped(context, async () => {
      await moveIn(this.#moving(context));
      await context.reached('neo4j.exchanged');
    });
    await this.#compare(expected, context);
    await this.#note({ step: 'compared' });
  }

  async rollback(context: Context): Promise<void> {
    this.#refuseAfterEnd('rolled-back');
    const { ended, staged, stopping, compared } = this.#progress;
    if (ended !== undefined) return;
    if (staged !== undefined && (stopping || compared)) {
      const isBack = (await whereIs(this.#place)) === 'staged';
      if (isBack) await this.#start(context);
      else await this.#whileStopped(context, () => moveBack(this.#moving(context)));
    }
    await this.#note({ ended: 'rolled-back' });
  }

  async finish(context: Context): Promise<void> {
    this.#refuseAfterEnd('finished');
    const { ended, finishing } = this.#progress;
    if (ended !== undefined) return;
    if (!finishing) {
      if ((await this.state()) !== 'swapped')
        throw new BackupError('neo4j: the restored store is not live: nothing was removed', { kind: 'failed' });
      await this.#note({ step: 'finishing' });
    }
    await this.#deps.store.remove(this.#names.place);
    await context.reached('neo4j.replaced-removed');
    await this.#note({ ended: 'finished' });
  }

  async discard(context: Context): Promise<void> {
    const state = await this.state();
    if (state === 'swapping' || state === 'swapped')
      throw new BackupError('neo4j: the live store was already replaced: roll back first', { kind: 'failed' });
    if (state === 'finished') return;
    await this.#deps.store.remove(this.#names.place);
    await context.reached('neo4j.staged-removed');
    await this.#note({ ended: 'gone' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deps.store[Symbol.asyncDispose]();
  }

  /** Stops the server, does the work, and starts it whatever became of that, unless a store is only half there. */
  async #whileStopped(context: Context, work: () => Promise<void>): Promise<void> {
    const { control } = this.#deps.access;
    await this.#note({ step: 'stopping' });
    await context.reached('neo4j.stopping');
    context.progress.step('stop the live server');
    try {
      await control.stop();
      await context.reached('neo4j.stopped');
      context.progress.step('exchange the stores');
      await work();
    } catch (error) {
      await this.#startIfWhole();
      throw error;
    }
    await this.#start(context);
  }

  async #start(context: Context): Promise<void> {
    const { control } = this.#deps.access;
    await control.start();
    await context.reached('neo4j.started');
    await untilItAnswers(this.#deps.live, control, context);
  }

  async #startIfWhole(): Promise<void> {
    const where = await whereIs(this.#place);
    if (where === 'staged' || where === 'live') await this.#deps.access.control.start();
  }

  async #assertSameLive(context: Context): Promise<void> {
    if (this.#progress.stopping) return; // it may be stopped: the place in its data directory says that it is the same
    await using graph = await Graph.open(this.#deps.live, context.signal);
    await assertSameServer(graph, this.handle);
  }

  async #compare(expected: Facts, context: Context): Promise<void> {
    await using graph = await Graph.open(this.#deps.live, context.signal);
    await assertSameServer(graph, this.handle);
    const differences = compareFacts(expected, await factsOfGraph(graph, context));
    if (differences.length > 0) throw notTheSame(differences);
    await context.reached('neo4j.compared');
  }

  #moving(context: Context): Moving {
    return { ...this.#place, context, note: (note) => this.#note(note) };
  }

  get #place(): { readonly store: StoreDirectory; readonly names: Names } {
    return { store: this.#deps.store, names: this.#names };
  }

  get #names(): Names {
    return namesOf(this.handle);
  }

  #refuseAfterEnd(wanted: StagedState): void {
    const { ended, finishing } = this.#progress;
    const last = ended ?? (finishing ? 'finished' : undefined);
    if (last === undefined || last === wanted || (last === 'gone' && wanted === 'rolled-back')) return;
    throw new BackupError(`neo4j: this restore is ${last} and cannot be ${wanted} any more`, { kind: 'failed' });
  }

  async #note(note: Note): Promise<void> {
    await this.#deps.journal.note(note);
    this.#notes.push(note);
  }

  get #progress(): ExchangeProgress {
    return exchangeProgressOf(this.#notes);
  }
}

export function namesOf({ details }: StagedHandle): Names {
  return { database: details['database'] ?? '', place: details['place'] ?? '' };
}
