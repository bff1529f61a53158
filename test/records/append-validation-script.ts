import { ValidationHistory } from '../../src/records/validation-history.ts';
import { testProcesses } from '../support/file-backup.ts';

/** Notes validations of redis below `<logs>`: `<count>` from `<first>`, each with its number as its size, and says it. */
const [, , logs = '', first = '0', count = '0'] = process.argv;
for (let number = Number(first); number < Number(first) + Number(count); number += 1) {
  await new ValidationHistory(logs).append(
    {
      file: '/backups/redis/daily/redis_daily_20260816_040000.rdb.zst.enc',
      service: 'redis',
      type: 'daily',
      at: '2026-08-16T04:00:00.000Z',
      passed: { integrity: true, content: true },
      bytes: number,
      seconds: 1,
      errors: [],
      warnings: ['x'.repeat(900)],
      metadata: {},
    },
    testProcesses,
  );
  process.stdout.write(`${number}\n`);
}
