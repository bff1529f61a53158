import { RunHistory } from '../../src/records/run-history.ts';
import { testProcesses } from '../support/file-backup.ts';

/** Appends runs of redis, numbered as their seconds, to the history below `<directory>`: `<count>` from `<first>`. */
const [, , directory = '', first = '0', count = '0'] = process.argv;
const history = new RunHistory(directory, 1000);
for (let number = Number(first); number < Number(first) + Number(count); number += 1) {
  await history.append(
    {
      kind: 'backup',
      service: 'redis',
      type: 'daily',
      began: '2026-08-16T04:00:00.000Z',
      seconds: number,
      code: 0,
      trigger: 'command',
      message: 'x'.repeat(300),
    },
    testProcesses,
  );
}
