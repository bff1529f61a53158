import { randomInt } from 'node:crypto';

/** How long a campaign is: a sample, unless all of it is asked for. */
export function campaignRounds({ sample, full }: { readonly sample: number; readonly full: number }): number {
  return process.env['PHYSICS_BACKUP_CAMPAIGN'] === 'full' ? full : sample;
}

/** The seed of a campaign: a new one each time, printed; PHYSICS_BACKUP_SEED repeats one. */
export function campaignSeed(name: string): number {
  const given = process.env['PHYSICS_BACKUP_SEED'];
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`PHYSICS_BACKUP_SEED: "${String(given)}" is no integer`);
  process.stderr.write(`${name}: seed ${seed} (PHYSICS_BACKUP_SEED=${seed} repeats it)\n`);
  return seed;
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
