import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../platform/servers/ports.ts';
import { type LoadReport, loadOfBareServer, steadyLoad } from './load.ts';
import { fillWithBackups, type Places, placesIn } from './many-backups.ts';
import { type Spread, spread } from './measure.ts';
import { firstPaint } from './paint.ts';

/** The monitor over so many backups. */
export interface MonitorReport {
  readonly backups: number;
  /** Seconds of the first look on a machine that took the backups, and on one that never saw them. */
  readonly firstLook: number;
  readonly strangeLook: number;
  /** Seconds of a look when nothing has changed. */
  readonly nextLook: Spread;
  /** Processor seconds of such a look. */
  readonly nextLookProcessor: number;
  readonly load: LoadReport | undefined;
  /** Of a server that always says the same, in the same run. */
  readonly bareLoad: LoadReport | undefined;
  readonly paint: Spread | undefined;
  /** Largest resident memory, MiB, and how much of it is the pages of Node's own file. */
  readonly peakMiB: number;
  readonly fileMiB: number;
}

export interface MonitorOptions {
  readonly backups: number;
  /** Of 200 requests each; 0: none. */
  readonly loadSeconds: number;
  readonly runs: number;
}

const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'physics-backup');
const REQUESTS_PER_SECOND = 200;
/** Far more often than is usual (300), so that looks need not be waited for. */
const INTERVAL_SECONDS = 10;
/** Under load: five times as often as is usual, so that a look falls into every minute. */
const LOADED_INTERVAL_SECONDS = 60;

/** Looks, a steady load of scrapes, and a browser, over very many backups. */
export async function measureMonitor({ backups, loadSeconds, runs }: MonitorOptions): Promise<MonitorReport> {
  say(`monitor: writing ${backups} backups`);
  const root = await mkdtemp(path.join(tmpdir(), 'bench-monitor-'));
  try {
    const places = placesIn(root);
    await fillWithBackups(places, backups);
    say('monitor: first look on another machine');
    const strangeLook = await firstLookOf({ ...places, STATE_DIR: path.join(root, 'another-state') });
    say('monitor: looks');
    const looks = await looksOf(places, runs);
    const loaded = loadSeconds === 0 ? undefined : await underLoad(places, loadSeconds, runs);
    const { load, bareLoad, paint } = loaded ?? {};
    const { peakMiB, fileMiB } = loaded !== undefined && loaded.peakMiB > looks.peakMiB ? loaded : looks;
    return { backups, strangeLook, ...looks, load, bareLoad, paint, peakMiB, fileMiB };
  } finally {
    await rm(root, { recursive: true });
  }
}

async function looksOf(places: Places, runs: number) {
  await using monitor = await startMonitor(places);
  const firstLook = await monitor.lookSeconds();
  return { firstLook, ...(await nextLooks(monitor, runs)), ...(await monitor.memory()) };
}

async function underLoad(places: Places, seconds: number, runs: number) {
  await using monitor = await startMonitor(places, LOADED_INTERVAL_SECONDS);
  say(`monitor: ${REQUESTS_PER_SECOND} scrapes a second for ${seconds} s`);
  const load = await steadyLoad(`${monitor.url}/metrics`, REQUESTS_PER_SECOND, seconds);
  const bytes = (await (await fetch(`${monitor.url}/metrics`)).bytes()).length;
  const bareLoad = await loadOfBareServer(bytes, REQUESTS_PER_SECOND, seconds);
  const paint = await firstPaint(`${monitor.url}/`, runs);
  return { load, bareLoad, paint, ...(await monitor.memory()) };
}

interface Running extends AsyncDisposable {
  readonly url: string;
  lookSeconds(): Promise<number>;
  /** When the last look began. */
  lookedAt(): Promise<number>;
  processorSeconds(): Promise<number>;
  memory(): Promise<{ readonly peakMiB: number; readonly fileMiB: number }>;
}

async function firstLookOf(places: Places): Promise<number> {
  await using monitor = await startMonitor(places);
  return await monitor.lookSeconds();
}

async function nextLooks(
  monitor: Running,
  runs: number,
): Promise<{ readonly nextLook: Spread; readonly nextLookProcessor: number }> {
  const seconds: number[] = [];
  await nextLook(monitor);
  const processor = await monitor.processorSeconds();
  for (let run = 0; run < runs; run += 1) {
    await nextLook(monitor);
    seconds.push(await monitor.lookSeconds());
  }
  return { nextLook: spread(seconds), nextLookProcessor: ((await monitor.processorSeconds()) - processor) / runs };
}

async function nextLook(monitor: Running): Promise<void> {
  const before = await monitor.lookedAt();
  while ((await monitor.lookedAt()) === before) await delay(250);
}

async function startMonitor(places: Places, intervalSeconds = INTERVAL_SECONDS): Promise<Running> {
  const port = await freePort();
  const child = spawn(PROGRAM, ['monitor'], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      ...places,
      ...CREDENTIALS,
      MONITOR_PORT: String(port),
      BACKUP_CHECK_INTERVAL: String(intervalSeconds),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await ready(url, child);
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  };
  return {
    url,
    lookSeconds: () => metric('backup_monitor_look_seconds'),
    lookedAt: () => metric('backup_monitor_last_look_timestamp_seconds'),
    processorSeconds: () => processorSeconds(child.pid ?? 0),
    memory: () => memoryOf(child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Nothing is ever connected to: what lies in the store is looked at. */
const CREDENTIALS = {
  POSTGRES_PASSWORD: 'unused',
  PHYSICS_DB_PASSWORD: 'unused',
  NEO4J_PASSWORD: 'unused',
  REDIS_PASSWORD: 'unused',
  APPLICATION_PATHS: 'uploads=/nowhere',
};

async function ready(url: string, child: ChildProcess): Promise<void> {
  while ((await fetch(`${url}/readyz`).catch(() => undefined))?.ok !== true) {
    if (child.exitCode !== null) throw new Error(`the monitor ended with ${child.exitCode}`);
    await delay(100);
  }
}

/** User and system time, fields 14 and 15 of proc(5), in hundredths. */
async function processorSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function memoryOf(pid: number): Promise<{ readonly peakMiB: number; readonly fileMiB: number }> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
  return { peakMiB: field('VmHWM'), fileMiB: field('RssFile') };
}

function say(words: string): void {
  process.stderr.write(`${words}\n`);
}
