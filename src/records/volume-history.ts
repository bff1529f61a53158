import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { secondsBetween } from '../base/clock.ts';
import { makeDirectories } from '../base/directories.ts';
import { systemCode } from '../base/errors.ts';
import { fileError, replaceFile, sweepUnfinished } from '../base/files.ts';
import type { VolumeSample } from '../model/knowledge.ts';
import type { Instant } from '../model/vocabulary.ts';

/** Two samples an hour apart are enough to see a disk fill, and few enough to be kept for two weeks. */
const SECONDS_APART = 3600;
const KEPT_SECONDS = 14 * 86_400;

/**
 * How full volumes were: `<STATE_DIR>/volumes.jsonl`, a line for each sample, replaced as a whole. The monitor writes
 * it; who only looks reads. A line that cannot be read is left out: it is a prediction's, and nobody's promise.
 */
export class VolumeHistory {
  readonly #file: string;

  constructor(stateDirectory: string) {
    this.#file = path.join(stateDirectory, 'volumes.jsonl');
  }

  /** Oldest first; none where nobody noted any. */
  async read(): Promise<readonly VolumeSample[]> {
    const text = await readFile(this.#file, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return '';
      throw fileError('reading', this.#file, error);
    });
    return text.split('\n').flatMap((line) => sampleOf(line) ?? []);
  }

  /** Adds what was seen, unless it was noted within the last hour. */
  async note(seen: readonly VolumeSample[], now: Instant): Promise<void> {
    const before = await this.read();
    const due = seen.filter(({ volume, at }) => {
      const last = before.findLast((each) => each.volume === volume);
      return last === undefined || Math.abs(secondsBetween(last.at, at)) >= SECONDS_APART;
    });
    if (due.length === 0) return;
    const kept = before.filter(({ at }) => Math.abs(secondsBetween(at, now)) <= KEPT_SECONDS);
    makeDirectories(path.dirname(this.#file));
    await replaceFile(this.#file, [...kept, ...due].map((each) => `${JSON.stringify(each)}\n`).join(''));
    await sweepUnfinished(path.dirname(this.#file), (name) => name === path.basename(this.#file));
  }
}

function sampleOf(line: string): VolumeSample | undefined {
  try {
    const { volume, at, free } = JSON.parse(line) as Partial<VolumeSample>;
    const isSample = typeof volume === 'string' && typeof free === 'number' && !Number.isNaN(Date.parse(at ?? ''));
    return isSample && at !== undefined ? { volume, at, free } : undefined;
  } catch {
    return undefined;
  }
}
