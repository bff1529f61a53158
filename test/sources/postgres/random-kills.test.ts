import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FileBackup } from '../../support/file-backup.ts';
import { killAfter } from './killing.ts';
import { DATABASE, fingerprint, inventory, LONELY } from './nasty.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const KILLS = Number(process.env['KILLS'] ?? '8');
/** Longer than a whole restore takes on an idle machine. */
const LONGEST_MILLISECONDS = 4000;

let place: Workplace;
let backup: FileBackup;

beforeAll(async () => {
  place = await openWorkplace();
  backup = await place.capture();
  await place.nasty.sql(DATABASE, 'TRUNCATE public.students CASCADE');
  await place.nasty.sql('postgres', `DROP ROLE "${LONELY}"`);
});

afterAll(() => place?.[Symbol.asyncDispose]());

test(`a restore that is killed at any moment goes back to what was (${KILLS} times)`, async () => {
  const [live, listed] = [await fingerprint(place.nasty), await inventory(place.nasty)];
  const moments = Array.from({ length: KILLS }, () => randomInt(LONGEST_MILLISECONDS));
  console.log(`killed after ${moments.join(', ')} ms`);
  for (const moment of moments) {
    const journal = await killAfter(place, backup, moment, ['swap', 'rollback', 'swap', 'rollback', 'discard']);
    if (journal.handles.length > 0) {
      await using later = await place.attach(journal);
      await later.rollback(place.context);
      await later.discard(place.context);
    }
    expect({ moment, listed: await inventory(place.nasty) }).toEqual({ moment, listed });
    expect(await fingerprint(place.nasty)).toEqual(live);
  }
});
