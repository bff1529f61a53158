import { expect, test } from 'vitest';
import { violations } from '../support/year/oracle.ts';
import { simulate } from '../support/year/simulation.ts';

const FULL = process.env['PHYSICS_BACKUP_CAMPAIGN'] === 'full';
const TIMES = FULL ? 30 : 3;
const DAYS = FULL ? 366 : 90;
const SEED = Number(process.env['PHYSICS_BACKUP_SEED'] ?? Date.now() % 1_000_000);
const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Sydney', 'UTC'] as const;

test(`${TIMES} times ${DAYS} days of all services, unattended (seed ${SEED})`, async () => {
  for (let done = 0; done < TIMES; done += 1) {
    const seed = SEED + done;
    const zone = ZONES[done % ZONES.length] ?? 'UTC';
    const time = await simulate({ seed, zone, from: '2027-12-01T00:00:00.000Z', days: DAYS, harshness: 1.5 });
    expect({ seed, zone, found: violations(time) }).toEqual({ seed, zone, found: [] });
    console.log(`seed ${seed}: ${done + 1} of ${TIMES}: ${DAYS} days in ${zone}`);
  }
});
