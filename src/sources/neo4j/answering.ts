import { setTimeout as delay } from 'node:timers/promises';
import { stopwatch } from '../../base/clock.ts';
import { BackupError, reason, throwIfAborted } from '../../base/errors.ts';
import type { ServerControl } from '../../control/server-control.ts';
import type { Context } from '../../model/source.ts';
import { Graph } from './connection.ts';
import type { Neo4jAddress } from './settings.ts';

/** A start on a slow machine, and the replay of logs where the server was killed. */
const PATIENCE_SECONDS = 600;
/** From being told to start until there is a process. */
const BEGINNING_SECONDS = 30;
const POLL_MILLISECONDS = 200;

/** Waits until the database answers. Fails as soon as the server says that it cannot open it, or is gone. */
export async function untilItAnswers(address: Neo4jAddress, control: ServerControl, context: Context): Promise<void> {
  context.progress.step('wait for the live server');
  const seconds = stopwatch();
  for (;;) {
    throwIfAborted(context.signal);
    const why = await whyNot(address, context.signal);
    if (why === undefined) return;
    const refusal = await refusalOf(address, context.signal);
    if (refusal !== undefined) throw notStarted(control, refusal);
    if (seconds() > BEGINNING_SECONDS && !(await control.running())) throw notStarted(control, 'it ended');
    if (seconds() > PATIENCE_SECONDS) throw notStarted(control, why);
    await delay(POLL_MILLISECONDS);
  }
}

async function whyNot(address: Neo4jAddress, signal: AbortSignal): Promise<string | undefined> {
  try {
    await using _graph = await Graph.open(address, signal);
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

/** The server itself answers where a database of its does not, and knows why. */
async function refusalOf(address: Neo4jAddress, signal: AbortSignal): Promise<string | undefined> {
  try {
    await using system = await Graph.open({ ...address, database: 'system' }, signal);
    const status = 'SHOW DATABASE $database YIELD currentStatus, statusMessage RETURN currentStatus, statusMessage';
    const [row] = await system.run(status, { database: address.database });
    const message = String(row?.get('statusMessage') ?? '');
    return row?.get('currentStatus') === 'online' ? undefined : message.split('\n', 1)[0] || undefined;
  } catch {
    return undefined; // it does not answer at all yet
  }
}

function notStarted({ name }: ServerControl, why: string): BackupError {
  return new BackupError(`neo4j: ${name} was started and does not answer: ${why}`, {
    kind: 'failed',
    hint: "its own log says more (neo4j.log and debug.log of the server's logs directory)",
  });
}
