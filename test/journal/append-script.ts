import { systemClock } from '../../src/base/clock.ts';
import { RecoveryJournal } from '../../src/journal/recovery-journal.ts';
import { testProcesses } from '../support/file-backup.ts';

/** Appends five long notes to the journal `recovery_1` of `<directory>`, in the name of `<who>`. */
const [, , directory = '', who = ''] = process.argv;
const journal = new RecoveryJournal(directory, 'recovery_1', { clock: systemClock, processes: testProcesses });
for (let number = 0; number < 5; number += 1) {
  await journal.forService('postgres').note({ who, long: 'x'.repeat(6000) });
}
