import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from '../../src/base/errors.ts';
import { processStartTime } from '../../src/sandbox/identity.ts';

/** Names one process for ever: a pid alone is given to another one day. */
export interface PidRecord {
  readonly pid: number;
  readonly startTime: string;
}

const POLL_MILLISECONDS = 50;

function recordFile(directory: string): string {
  return path.join(directory, 'process.json');
}

/** Notes the process of the server in this directory; undefined if it has ended already. */
export async function writePidRecord(directory: string, pid: number): Promise<PidRecord | undefined> {
  const startTime = await processStartTime(pid);
  if (startTime === undefined) return undefined;
  await writeFile(recordFile(directory), JSON.stringify({ pid, startTime }));
  return { pid, startTime };
}

export async function readPidRecord(directory: string): Promise<PidRecord | undefined> {
  const text = await readFile(recordFile(directory), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as PidRecord);
}

export function removePidRecord(directory: string): Promise<void> {
  return rm(recordFile(directory), { force: true });
}

/** Whether this very process still runs. */
export async function runs(record: PidRecord): Promise<boolean> {
  return (await processStartTime(record.pid)) === record.startTime && !(await isZombie(record.pid));
}

/** Sends a signal to this very process, and to no other that may have its pid by now. */
export async function signalProcess(record: PidRecord, signal: NodeJS.Signals): Promise<void> {
  if (!(await runs(record))) return;
  try {
    process.kill(record.pid, signal);
  } catch (thrown) {
    if (systemCode(thrown) !== 'ESRCH') throw thrown;
  }
}

/** Waits for the process to end; false when the time is over before. */
async function waitUntilGone(record: PidRecord, milliseconds: number): Promise<boolean> {
  const until = performance.now() + milliseconds;
  while (await runs(record)) {
    if (performance.now() > until) return false;
    await delay(POLL_MILLISECONDS);
  }
  return true;
}

/** Asks with `signal`, insists with SIGKILL after half a minute, and returns when the process is gone. */
export async function endProcess(record: PidRecord, signal: NodeJS.Signals): Promise<void> {
  await signalProcess(record, signal);
  if (await waitUntilGone(record, 30_000)) return;
  await signalProcess(record, 'SIGKILL');
  await waitUntilGone(record, 10_000);
}

async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}
