import type { Clock } from '../base/clock.ts';
import { stopwatch } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import type { AlertMessage, AlertState } from '../model/alerts.ts';
import type { Condition } from '../model/situation.ts';
import type { LifeSign } from './heartbeat.ts';
import { attempt } from './patience.ts';
import type { Receiver, Watcher } from './receiver.ts';

export interface Addressees {
  readonly receivers: readonly Receiver[];
  readonly watchers: readonly Watcher[];
  readonly heartbeat: LifeSign | undefined;
}

/** How a test of one receiver ended. */
export interface Trial {
  readonly receiver: string;
  readonly where: string;
  readonly seconds: number;
  /** Undefined: it took the message. */
  readonly error: Error | undefined;
}

const CONDITION: Condition = {
  key: 'alert-test',
  name: 'BackupAlertTest',
  severity: 'warning',
  summary: 'this is a test: nothing is wrong',
  hint: 'physics-backup alerts list',
};

/** Sends each of them one message, all at the same time; says of each how it ended, and never rejects. */
export async function tryAll(to: Addressees, clock: Clock, signal: AbortSignal): Promise<readonly Trial[]> {
  const at = clock.now();
  const alert = { condition: CONDITION, since: at };
  const message: AlertMessage = { id: `firing:test:${at}`, kind: 'firing', at, group: 'test', alerts: [alert] };
  // It is over as it begins: nobody has to end it.
  const state: AlertState = {
    known: [],
    ended: [{ ...alert, endedAt: new Date(Date.parse(at) + 60_000).toISOString() }],
  };
  const { receivers, watchers, heartbeat } = to;
  return await Promise.all([
    ...receivers.map((each) => trial(each, signal, (limited) => each.send(message, limited))),
    ...watchers.map((each) => trial(each, signal, (limited) => each.tell(state, at, limited))),
    ...(heartbeat === undefined ? [] : [trial(heartbeat, signal, (limited) => heartbeat.beat(limited))]),
  ]);
}

async function trial(
  { name, where }: { readonly name: string; readonly where: string },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<Trial> {
  const elapsed = stopwatch();
  const error = await attempt(work, signal).then(() => undefined, asError);
  return { receiver: name, where, seconds: elapsed(), error };
}
