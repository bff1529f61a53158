import { BackupError } from '../../base/errors.ts';
import { compareFacts, type FactDifference, type Facts } from '../../model/facts.ts';
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
import { SCRIPT } from './capture.ts';
import { Graph } from './connection.ts';
import { position, samePosition, settledPosition } from './consistency.ts';
import { checkScript } from './content.ts';
import { factsOfGraph } from './graph-facts.ts';
import { loadScript } from './load.ts';
import { markers, removeMarker, setMarker } from './marker.ts';
import { endOtherTransactions } from './quiet.ts';
import { type Progress, progressOf, type Note } from './restore-notes.ts';
import type { Neo4jAddress } from './settings.ts';
import { wipe } from './wipe.ts';

/** What a restore works with. */
export interface RestoreDeps {
  readonly live: Neo4jAddress;
  readonly journal: RestoreJournal;
  readonly safety: SafetyCopies;
}

/**
 * A restore whose backup was loaded, counted and thrown away again in a sandbox: the proof is kept, the live graph is
 * rewritten from the backup itself. Between the marker's two ends the live graph is neither old nor new.
 */
export class GraphRestore implements StagedRestore {
  readonly cutover = 'rewrite' as const;
  readonly handle: StagedHandle;
  readonly #deps: RestoreDeps;
  readonly #notes: Note[];

  constructor(handle: StagedHandle, notes: readonly Note[], deps: RestoreDeps) {
    this.handle = handle;
    this.#notes = [...notes];
    this.#deps = deps;
  }

  get warnings(): readonly string[] {
    return this.#notes.flatMap(({ warning }) => warning ?? []);
  }

  async state(context: Context): Promise<StagedState> {
    const progress = this.#progress;
    if (progress.ended !== undefined) return progress.ended;
    if (progress.staged === undefined) return 'staging';
    return await this.#onLive(context, async (graph) => ((await this.#isMarked(graph)) ? 'swapping' : progress.live));
  }

  facts(): Promise<Facts> {
    const { staged } = this.#progress;
    if (staged !== undefined) return Promise.resolve(staged);
    return Promise.reject(new BackupError('neo4j: the backup was not staged to its end', { kind: 'failed' }));
  }

  async swap(context: Context): Promise<void> {
    const staged = await this.facts();
    this.#refuseAfterEnd('swapped');
    await this.#onLive(context, async (graph) => {
      const isMarked = await this.#isMarked(graph);
      if (this.#progress.live === 'swapped' && !isMarked) return;
      if (this.#progress.verified !== 'swap') {
        if (isMarked) await this.#note({ swapping: 'again' });
        else await this.#keepLive(graph, context);
        await this.#rewrite(graph, await this.#backup(context), staged, context);
        await this.#note({ verified: 'swap' });
      }
      await this.#unmark(graph, context);
    });
  }

  async rollback(context: Context): Promise<void> {
    this.#refuseAfterEnd('rolled-back');
    if (this.#progress.ended !== undefined) return;
    const { safety } = this.#progress;
    if (safety !== undefined) await this.#onLive(context, (graph) => this.#rollBackLive(graph, safety, context));
    await this.#note({ ended: 'rolled-back' });
  }

  /** What was replaced is an ordinary backup, which its pin alone kept. */
  async finish(): Promise<void> {
    this.#refuseAfterEnd('finished');
    await this.#note({ ended: 'finished' });
  }

  async discard(context: Context): Promise<void> {
    const state = await this.state(context);
    if (state === 'swapping' || state === 'swapped')
      throw new BackupError('neo4j: the live graph was already replaced: roll back first', { kind: 'failed' });
    await this.#note({ ended: 'gone' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(); // every verb closes its own connection
  }

  /** Makes sure that what is live can come back, and marks the live graph. */
  async #keepLive(graph: Graph, context: Context): Promise<void> {
    await endOtherTransactions(graph);
    const before = await settledPosition(graph);
    const copy = await this.#deps.safety.capture(context);
    const { errors } = await checkScript(copy, context);
    if (errors.length > 0)
      throw new BackupError(`neo4j: the safety copy is not good: ${errors[0]}`, { kind: 'failed' });
    await context.reached('neo4j.safe');
    await endOtherTransactions(graph);
    if (!samePosition(before, await settledPosition(graph)))
      throw new BackupError('neo4j: the graph was written to while it was copied for safety', {
        kind: 'busy',
        hint: 'stop what writes to it, then restore again; nothing was changed',
      });
    await this.#note({ swapping: 'yes', safety: copy.id });
    await setMarker(graph, this.#marker);
    await context.reached('neo4j.marked');
  }

  async #rollBackLive(graph: Graph, safety: BackupId, context: Context): Promise<void> {
    const isMarked = await this.#isMarked(graph);
    if (this.#progress.live === 'staged' && !isMarked) return;
    if (this.#progress.verified !== 'rollback') {
      const copy = await this.#deps.safety.open(safety, context);
      await this.#note({ 'rolling-back': 'yes' });
      await setMarker(graph, this.#marker);
      await this.#rewrite(graph, copy, copy.facts, context);
      await this.#note({ verified: 'rollback' });
    }
    await this.#unmark(graph, context);
  }

  async #rewrite(graph: Graph, backup: ReadableBackup, expected: Facts, context: Context): Promise<void> {
    await endOtherTransactions(graph);
    await wipe(graph, context, this.#marker);
    await context.reached('neo4j.emptied');
    await loadScript(graph, backup.chunks(SCRIPT), context);
    await context.reached('neo4j.loaded');
    const differences = compareFacts(expected, await factsOfGraph(graph, context, this.#marker));
    if (differences.length > 0) throw notTheSame(differences);
    await context.reached('neo4j.verified');
  }

  async #unmark(graph: Graph, context: Context): Promise<void> {
    await removeMarker(graph, this.#marker);
    await context.reached('neo4j.unmarked');
  }

  async #isMarked(graph: Graph): Promise<boolean> {
    return (await markers(graph)).includes(this.#marker);
  }

  async #onLive<T>(context: Context, work: (graph: Graph) => Promise<T>): Promise<T> {
    await using graph = await Graph.open(this.#deps.live, context.signal);
    await assertSameServer(graph, this.handle);
    return await work(graph);
  }

  async #backup(context: Context): Promise<ReadableBackup> {
    return await this.#deps.safety.open(this.handle.backup, context);
  }

  #refuseAfterEnd(wanted: StagedState): void {
    const { ended } = this.#progress;
    if (ended === undefined || ended === wanted || (ended === 'gone' && wanted === 'rolled-back')) return;
    throw new BackupError(`neo4j: this restore is ${ended} and cannot be ${wanted} any more`, { kind: 'failed' });
  }

  async #note(note: Note): Promise<void> {
    await this.#deps.journal.note(note);
    this.#notes.push(note);
  }

  get #progress(): Progress {
    return progressOf(this.#notes);
  }

  get #marker(): string {
    return this.handle.details['marker'] ?? '';
  }
}

/** Another database than the one the handle names must not be touched. */
export async function assertSameServer(graph: Graph, handle: StagedHandle): Promise<void> {
  const { database } = await position(graph);
  if (database === handle.server) return;
  throw new BackupError(`neo4j: this restore belongs to another database (${handle.server}, found ${database})`, {
    kind: 'failed',
    hint: 'check NEO4J_HOST and NEO4J_PORT',
  });
}

/** What differs first, and how much more. */
export function notTheSame([first, ...others]: readonly FactDifference[]): BackupError {
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const what = `${first?.name}: ${first?.expected ?? 'nothing'} expected, ${first?.actual ?? 'nothing'} found${more}`;
  return new BackupError(`neo4j: the live graph is not what was loaded into it: ${what}`, {
    kind: 'failed',
    hint: 'roll back; stop whatever writes to the graph',
  });
}
