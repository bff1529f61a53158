import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { reason, systemCode } from '../base/errors.ts';
import { replaceFile, sweepUnfinished } from '../base/files.ts';
import type { AlertLedger, AlertMessage, AlertState, Letter } from '../model/alerts.ts';
import { parseLedger, printLedger } from './alert-ledger-codec.ts';

/** A receiver that was away for weeks is told the newest of so many messages. */
const MOST_LETTERS = 200;

/** What is in the file, and what is wrong with it. */
export interface ReadLedger {
  readonly ledger: AlertLedger;
  readonly damage: string | undefined;
}

/**
 * What the receivers were told and what is still on its way to them: `<STATE_DIR>/alerts/outbox.jsonl`, replaced as a
 * whole, so that what was decided and what is to be sent are never apart, whenever we are killed. What cannot be
 * written (a full disk) is kept in memory and written with the next change: nobody is to wait for a disk to be warned.
 * Lines that are damaged are left out, and all that fires is then said again: rather twice than never. One process
 * writes it, the monitor.
 */
export class AlertOutbox {
  readonly file: string;
  readonly #complain: (message: string) => void;
  #ledger: AlertLedger;
  #complaint = '';
  #written: Promise<void> = Promise.resolve();

  private constructor(file: string, ledger: AlertLedger, complain: (message: string) => void) {
    this.file = file;
    this.#ledger = ledger;
    this.#complain = complain;
  }

  static async open(stateDirectory: string, complain: (message: string) => void): Promise<AlertOutbox> {
    const file = fileIn(stateDirectory);
    const { ledger, damage } = await readOutbox(stateDirectory).catch((error: unknown) => ({
      ledger: parseLedger('').ledger,
      damage: reason(error),
    }));
    if (damage !== undefined) {
      complain(`${file} is damaged (${damage}): what fires is said again`);
      await copyFile(file, `${file}.damaged`).catch(() => undefined);
    }
    await sweepUnfinished(path.dirname(file), (name) => name === path.basename(file)).catch(() => undefined);
    const outbox = new AlertOutbox(file, damage === undefined ? ledger : untold(ledger), complain);
    return outbox;
  }

  get state(): AlertState {
    return this.#ledger;
  }

  /** Receivers that were there at the last look. */
  get receivers(): readonly string[] {
    return this.#ledger.receivers;
  }

  /** What is on its way to a receiver, oldest first. */
  pending(receiver: string): readonly AlertMessage[] {
    return this.#ledger.letters.filter((each) => each.receiver === receiver).map(({ message }) => message);
  }

  /** Notes what a look decided; letters to receivers that are not there any more are given up. */
  async decide(state: AlertState, receivers: readonly string[], letters: readonly Letter[]): Promise<void> {
    const kept = this.#ledger.letters.filter((each) => receivers.includes(each.receiver));
    const all = receivers.flatMap((receiver) => queueOf(receiver, kept, letters));
    await this.#change({ known: state.known, ended: state.ended, receivers, letters: all });
  }

  /** Takes a message from the queue. Killed before this was written, the receiver gets it twice, with the same id. */
  async delivered(receiver: string, id: string): Promise<void> {
    const { letters } = this.#ledger;
    const index = letters.findIndex((each) => each.receiver === receiver && each.message.id === id);
    if (index >= 0) await this.#change({ ...this.#ledger, letters: letters.toSpliced(index, 1) });
  }

  async #change(ledger: AlertLedger): Promise<void> {
    if (printLedger(ledger) === printLedger(this.#ledger) && this.#complaint === '') return;
    this.#ledger = ledger;
    this.#written = this.#written.then(() => this.#write());
    await this.#written;
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    try {
      makeDirectories(path.dirname(this.file));
      await replaceFile(this.file, printLedger(this.#ledger));
      this.#complaint = '';
    } catch (error) {
      const complaint = `alerts are kept in memory only: ${reason(error)}`;
      if (complaint !== this.#complaint) this.#complain(complaint);
      this.#complaint = complaint;
    }
  }
}

/** What is there, for those who only look. A file that is not there is an empty one. */
export async function readOutbox(stateDirectory: string): Promise<ReadLedger> {
  const text = await readFile(fileIn(stateDirectory), 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  });
  return parseLedger(text);
}

function fileIn(stateDirectory: string): string {
  return path.join(stateDirectory, 'alerts', 'outbox.jsonl');
}

/** As if it had been said before anything else: it is due at the next look. */
function untold(ledger: AlertLedger): AlertLedger {
  return { ...ledger, known: ledger.known.map((each) => ({ ...each, toldAt: '1970-01-01T00:00:00.000Z' })) };
}

/** The queue of one receiver: a repetition takes the place of the one that still waits; the oldest are given up. */
function queueOf(receiver: string, kept: readonly Letter[], added: readonly Letter[]): readonly Letter[] {
  const fresh = added.filter((each) => each.receiver === receiver);
  const again = new Set(fresh.filter(({ message }) => message.kind === 'repeated').map(({ message }) => message.group));
  const waiting = kept.filter(
    ({ receiver: to, message }) => to === receiver && !(message.kind === 'repeated' && again.has(message.group)),
  );
  return [...waiting, ...fresh].slice(-MOST_LETTERS);
}
