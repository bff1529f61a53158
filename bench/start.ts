import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fillWithBackups, placesIn } from './many-backups.ts';
import { measure, type Spread, spread } from './measure.ts';

export interface StartReport {
  readonly help: Spread;
  readonly list: Spread;
  /** On a machine that has never looked at them. */
  readonly firstList: Spread;
  readonly backups: number;
}

const BACKUPS = 10_000;
const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'physics-backup');

/** How long the program takes before it does anything, and to look at very many backups. */
export async function measureStart(runs: number): Promise<StartReport> {
  process.stderr.write(`start: writing ${BACKUPS} backups\n`);
  const root = await mkdtemp(path.join(tmpdir(), 'bench-start-'));
  try {
    const environment = placesIn(root);
    await fillWithBackups(environment, BACKUPS);
    const firstList = await times(runs, ['list'], { ...environment, STATE_DIR: path.join(root, 'another-state') });
    return {
      help: await times(runs, ['--help'], environment),
      list: await times(runs, ['list'], environment),
      firstList,
      backups: BACKUPS,
    };
  } finally {
    await rm(root, { recursive: true });
  }
}

async function times(
  runs: number,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Spread> {
  const seconds: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const measured = await measure([PROGRAM, ...args], environment);
    if (run > 0) seconds.push(measured.seconds); // the first fills the caches
  }
  return spread(seconds);
}
