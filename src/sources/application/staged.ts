import { BackupError } from '../../base/errors.ts';
import type { Facts } from '../../model/facts.ts';
import type { Context, RestoreJournal, StagedHandle, StagedRestore, StagedState } from '../../model/source.ts';
import { exchange, type Exchanging, stagedAttributes, takeBack, type Where, whereIs } from './exchange.ts';
import { type ApplicationNote, type Progress, progressOf } from './notes.ts';
import type { Place } from './place.ts';
import { Tally } from './tally.ts';
import { removeContainer, removeTree } from './trees.ts';
import { walkTree } from './walk.ts';

/** Trees extracted beside the live ones, to be exchanged by renaming. */
export class StagedTrees implements StagedRestore {
  readonly handle: StagedHandle;
  readonly cutover = 'restart';
  readonly #places: readonly Place[];
  readonly #journal: RestoreJournal;
  readonly #notes: Readonly<Record<string, string>>[];

  constructor(
    handle: StagedHandle,
    places: readonly Place[],
    journal: RestoreJournal,
    notes: readonly Readonly<Record<string, string>>[],
  ) {
    this.handle = handle;
    this.#places = places;
    this.#journal = journal;
    this.#notes = [...notes];
  }

  get warnings(): readonly string[] {
    return this.#progress().warnings;
  }

  async state(): Promise<StagedState> {
    const progress = this.#progress();
    if (progress.ended === 'discarded') return 'gone';
    if (progress.ended !== undefined) return progress.ended;
    if (!progress.staged) return 'staging';
    const where = new Set(await this.#where());
    if (where.size !== 1 || where.has('between')) return 'swapping';
    return where.has('live') ? 'swapped' : 'staged';
  }

  async facts(context: Context): Promise<Facts> {
    context.progress.step('hash files');
    let done = 0;
    const facts: Facts[] = [];
    for (const place of this.#places) {
      const isLive = (await whereIs(place, this.#progress())) === 'live';
      const tally = new Tally(place.name);
      const read = (bytes: number): void => context.progress.bytes((done += bytes));
      const root = isLive ? place.live : place.staged;
      for await (const entry of walkTree(root, place.name, context.signal, read)) tally.add(entry);
      facts.push(tally.facts());
    }
    return Object.assign({}, ...facts) as Facts;
  }

  async swap(context: Context): Promise<void> {
    const { staged, ended } = this.#progress();
    if (!staged || ended === 'finished' || ended === 'discarded')
      throw new BackupError('application: nothing is staged', { kind: 'failed', hint: 'begin the restore again' });
    for (const place of this.#places) await exchange(place, this.#exchanging(context));
  }

  async rollback(context: Context): Promise<void> {
    const { staged, ended, finishing } = this.#progress();
    if (ended !== undefined) return;
    if (finishing === true)
      throw new BackupError('application: what was replaced is being removed, and cannot be put back', {
        kind: 'failed',
        hint: 'physics-backup recover finish',
      });
    if (staged) for (const place of this.#places.toReversed()) await takeBack(place, this.#exchanging(context));
    await this.#note({ step: 'rolled-back' });
  }

  /** What was replaced goes, and the empty containers. */
  async finish(context: Context): Promise<void> {
    if (this.#progress().ended === 'finished') return;
    if ((await this.state()) !== 'swapped')
      throw new BackupError('application: the restore is not live', {
        kind: 'failed',
        hint: 'swap it, or roll it back',
      });
    await this.#note({ step: 'finishing' });
    for (const place of this.#places) {
      await removeTree(place.replaced, context);
      const isInside = place.exchange === 'inside';
      await removeContainer(place, isInside ? stagedAttributes(place, this.#progress()) : '', context);
    }
    await this.#note({ step: 'finished' });
  }

  async discard(context: Context): Promise<void> {
    const { ended } = this.#progress();
    if (ended === 'finished') return;
    if (ended === undefined) {
      if ((await this.#where()).some((each) => each !== 'staged'))
        throw new BackupError('application: the restore is live', { kind: 'failed', hint: 'roll it back first' });
      await this.#note({ step: 'discarded' }); // before: a tree that is half gone must not look like a live one
    }
    for (const place of this.#places) await removeContainer(place, place.attributes, context);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(); // all of it is on the disk
  }

  #where(): Promise<Where[]> {
    return Promise.all(this.#places.map((place) => whereIs(place, this.#progress())));
  }

  #exchanging(context: Context): Exchanging {
    return { context, progress: () => this.#progress(), note: (note) => this.#note(note) };
  }

  #progress(): Progress {
    return progressOf(this.#notes);
  }

  async #note(note: ApplicationNote): Promise<void> {
    const entry = { ...note } as Readonly<Record<string, string>>;
    await this.#journal.note(entry);
    this.#notes.push(entry);
  }
}
