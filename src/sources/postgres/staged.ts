import { BackupError, reason } from '../../base/errors.ts';
import type { Facts } from '../../model/facts.ts';
import type { Context, RestoreJournal, StagedHandle, StagedRestore, StagedState } from '../../model/source.ts';
import { type Census, type DatabaseRow, type Identity, takeCensus } from './census.ts';
import { Connection, identifier, openMaintenance } from './connection.ts';
import {
  abandonExchange,
  abandonSwap,
  assertNothingPrepared,
  refuseForReturn,
  refuseForSwap,
  renameForReturn,
  renameForSwap,
  renameWhenEmpty,
} from './cutover.ts';
import { rowFacts, sequenceFacts, sequencePositions } from './facts.ts';
import { objectFacts } from './object-counts.ts';
import { dumpedRelations } from './relations.ts';
import { dropCreatedRoles } from './roles.ts';
import { type PostgresSettings, restoringLogin } from './settings.ts';
import { beginReadOnly } from './snapshot.ts';
import { assertSlotsGoOn, detachSubscriptions } from './subscriptions.ts';

type Note = Readonly<Record<string, string>>;

const CLEAN_UP_MILLISECONDS = 60_000;

/** A database restored beside the live one. Swapping is two renames in one transaction. */
export class StagedDatabase implements StagedRestore {
  readonly cutover = 'atomic';
  readonly #settings: PostgresSettings;
  readonly #journal: RestoreJournal;
  readonly #notes: Note[];
  #handle: StagedHandle;

  constructor(handle: StagedHandle, notes: readonly Note[], journal: RestoreJournal, settings: PostgresSettings) {
    this.#handle = handle;
    this.#notes = [...notes];
    this.#journal = journal;
    this.#settings = settings;
  }

  get handle(): StagedHandle {
    return this.#handle;
  }

  get warnings(): readonly string[] {
    return this.#notes.flatMap(({ warning }) => (warning === undefined ? [] : [warning]));
  }

  /** The handle with the staged database's oid, once it exists. */
  async adopt(stagedOid: string): Promise<void> {
    this.#handle = { ...this.#handle, details: { ...this.#handle.details, stagedOid } };
    await this.#journal.handle(this.#handle);
  }

  async warn(warning: string): Promise<void> {
    await this.#intend({ warning });
  }

  /** What this object must know of later, already journalled. */
  remember(note: Note): void {
    this.#notes.push(note);
  }

  async state({ signal }: Context): Promise<StagedState> {
    await using admin = await openMaintenance(this.#settings, signal);
    return (await this.#census(admin)).state;
  }

  async facts(context: Context): Promise<Facts> {
    const database = await this.#restoredName(context);
    const place = { settings: this.#settings, login: restoringLogin(this.#settings), database };
    await using connection = await Connection.open(place, context.signal);
    await beginReadOnly(connection);
    const withData = this.#handle.details['rows'] !== 'no';
    const objects = await objectFacts(connection, withData);
    if (!withData) return objects;
    const relations = await dumpedRelations(connection);
    const sequences = sequenceFacts(await sequencePositions(connection, relations));
    return { ...objects, ...sequences, ...(await rowFacts(connection, relations)) };
  }

  async swap(context: Context): Promise<void> {
    await using admin = await openMaintenance(this.#settings, context.signal);
    const before = await this.#census(admin);
    const { state, staged, live } = before;
    if (state === 'swapped' || state === 'finished') return;
    if (state === 'swapping' && staged === undefined) return await admin.transaction(abandonExchange(before)); // a return
    if (staged === undefined || state === 'staging') throw this.#unfit('swapped', state);
    await assertNothingPrepared(admin, this.#identity.database);
    await this.#intend({ verb: 'swap', hadLive: String(live !== undefined) });
    await this.#exchange(admin, context, refuseForSwap(staged, live), 'postgres.connections-refused', (now) =>
      now.staged === undefined ? [] : renameForSwap(now.staged, now.live, this.#identity),
    );
    await context.reached('postgres.renamed');
  }

  async rollback(context: Context): Promise<void> {
    await using admin = await openMaintenance(this.#settings, context.signal);
    const before = await this.#census(admin);
    const { state, staged, live, replaced } = before;
    if (state === 'finished') throw this.#unfit('rolled back', state);
    if (state === 'gone' && replaced !== undefined) throw this.#displaced(replaced);
    if (state === 'gone' || state === 'staging' || state === 'rolled-back') return;
    await this.#intend({ verb: 'rollback' });
    if (staged !== undefined) return await admin.transaction(abandonSwap(staged, live, 'rolled-back'));
    await assertNothingPrepared(admin, this.#identity.database);
    await this.#exchange(admin, context, refuseForReturn(before), 'postgres.return-refused', (now) =>
      renameForReturn(now, this.#identity),
    );
    await context.reached('postgres.returned');
  }

  async finish(context: Context): Promise<void> {
    await using admin = await openMaintenance(this.#settings, context.signal);
    const { state, replaced, live } = await this.#census(admin);
    const { finished } = this.#identity;
    if (state === 'finished' || (finished && replaced === undefined)) return;
    // the one that it restored may have been replaced by a later restore, and that one finished
    const superseded = state === 'gone' && live !== undefined && replaced !== undefined;
    if (state !== 'swapped' && !superseded) throw this.#unfit('finished', state);
    if (replaced !== undefined) await assertSlotsGoOn(admin, replaced, live);
    await this.#intend({ verb: 'finish' });
    if (replaced !== undefined) await this.#drop(admin, replaced, context);
    await context.reached('postgres.replaced-dropped');
  }

  async discard(context: Context): Promise<void> {
    await using admin = await openMaintenance(this.#settings, context.signal);
    const { state, staged, unmarked } = await this.#census(admin);
    if (state === 'finished') return;
    if (state === 'swapped' || state === 'swapping') throw this.#unfit('discarded', state);
    await this.#intend({ verb: 'discard' });
    const doomed = staged ?? unmarked;
    if (doomed !== undefined) await this.#drop(admin, doomed, context);
    await context.reached('postgres.staged-dropped');
    await dropCreatedRoles(admin, this.#notes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // every verb closes its own connections
  }

  /** Refuses connections, ends those that are there, renames; every step committed before the next. */
  async #exchange(
    admin: Connection,
    context: Context,
    refuse: readonly string[],
    point: 'postgres.connections-refused' | 'postgres.return-refused',
    renames: (now: Census) => readonly string[],
  ): Promise<void> {
    try {
      await admin.transaction(refuse);
      await context.reached(point);
      const now = await this.#census(admin);
      const rows = [now.live, now.staged, now.replaced].filter((row): row is DatabaseRow => row !== undefined);
      await renameWhenEmpty(admin, rows, renames(now));
    } catch (error) {
      throw await this.#afterReopening(error);
    }
  }

  /** An exchange that failed leaves the live database open for its users, also when the run was cancelled. */
  async #afterReopening(error: unknown): Promise<unknown> {
    try {
      await using admin = await openMaintenance(this.#settings, AbortSignal.timeout(CLEAN_UP_MILLISECONDS));
      const now = await this.#census(admin);
      if (now.state === 'swapping') await admin.transaction(abandonExchange(now));
      return error;
    } catch (second) {
      return new BackupError(`${reason(error)}; database "${this.#identity.database}" still refuses connections`, {
        kind: 'failed',
        hint: 'once the server answers: physics-backup recover rollback',
        cause: second,
      });
    }
  }

  async #drop(admin: Connection, doomed: DatabaseRow, { signal }: Context): Promise<void> {
    await detachSubscriptions(admin, doomed, this.#settings, signal);
    const name = identifier(doomed.name);
    if (doomed.isTemplate) await admin.query(`ALTER DATABASE ${name} IS_TEMPLATE false`);
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }

  async #intend(note: Note): Promise<void> {
    await this.#journal.note(note);
    this.#notes.push(note);
  }

  #census(connection: Connection): Promise<Census> {
    return takeCensus(connection, this.#identity);
  }

  get #identity(): Identity {
    const { database = '', staged = '', replaced = '', token = '', stagedOid } = this.#handle.details;
    const swap = this.#notes.findLast((note) => note['verb'] === 'swap');
    const finished = this.#notes.some((note) => note['verb'] === 'finish');
    const hadLive = swap === undefined ? undefined : swap['hadLive'] === 'true';
    return { database, staged, replaced, token, stagedOid, hadLive, finished };
  }

  async #restoredName({ signal }: Context): Promise<string> {
    await using admin = await openMaintenance(this.#settings, signal);
    const { staged, state } = await this.#census(admin);
    if (staged !== undefined) return staged.name;
    if (state === 'swapped' || state === 'finished') return this.#identity.database;
    throw this.#unfit('counted', state);
  }

  #displaced(replaced: DatabaseRow): BackupError {
    const { database } = this.#identity;
    return new BackupError(
      `postgres: database "${database}" is no longer what this restore put there; what it replaced is still "${replaced.name}"`,
      {
        kind: 'failed',
        hint: 'roll back the later recovery first (physics-backup recover status); or let go of it: physics-backup recover finish',
      },
    );
  }

  #unfit(verb: string, state: StagedState): BackupError {
    const { staged, database } = this.#identity;
    return new BackupError(`postgres: the restore "${staged}" of "${database}" is ${state}, it cannot be ${verb}`, {
      kind: 'failed',
    });
  }
}
