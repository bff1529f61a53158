import { readFile } from 'node:fs/promises';
import type { Environment } from '../../clients/environment.ts';
import { redisVersion, type Send, withRedis } from '../../clients/redis.ts';
import { type Amount, countOf } from '../amount.ts';
import { EVERY_KEY, FIELD_EXPIRY } from './keys.ts';

const KEYS_PER_SCALE = 60;
/** Keys for each run of the script; it blocks the server for some milliseconds. */
const BATCH = 1000;

/** Fills an empty server: every type and encoding, several databases, functions, and a bulk of usual keys. */
export function seedRedis(environment: Environment, amount: Amount): Promise<void> {
  return withRedis(environment, async (send) => {
    const [major, minor] = await redisVersion(send);
    const fields = major > 7 || (major === 7 && minor >= 4) ? FIELD_EXPIRY : [];
    await Promise.all([...EVERY_KEY, ...fields].map((command) => send(...command)));
    await fill(send, amount);
  });
}

async function fill(send: Send, amount: Amount): Promise<void> {
  const script = await readFile(new URL('bulk.lua', import.meta.url), 'utf8');
  const last = countOf(amount, KEYS_PER_SCALE);
  for (let from = 1; from <= last; from += BATCH) {
    const to = Math.min(last, from + BATCH - 1);
    await send('EVAL', script, '0', String(from), String(to), String(amount.seed));
  }
}
