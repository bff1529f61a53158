import type { Command } from 'commander';
import { type BackupId, parseBackupId } from '../../model/vocabulary.ts';
import { type Act, coordinatedRun, type Invocation } from '../invocation.ts';
import { noted } from '../noting.ts';
import type { Outcome } from '../outcome.ts';
import { recoveryEnds, recoveryOutcome } from '../recovery-report.ts';
import { parseId, parseService } from '../words.ts';

export function registerRestore(program: Command, act: Act): void {
  program
    .command('restore')
    .description('restore one service from one backup; what is replaced is kept until "recover finish"')
    .argument('<id>', 'id of a backup')
    .action((id: string) => act((invocation) => restore(parseId(id), invocation)));
}

/** The operator named the backup: a fuzzy or suspect one is taken, and said to be one. */
async function restore(id: BackupId, invocation: Invocation): Promise<Outcome> {
  const services = [parseService(parseBackupId(id)?.service ?? '')];
  const { recover } = await import('../../coordination/recover.ts');
  await using session = await invocation.open({ services, access: 'live', log: 'restore' });
  const startedAt = session.coordination.clock.now();
  const request = { selector: id, services, allowFuzzy: true, allowSuspect: true, parallel: session.parallelRecovery };
  const report = await noted(
    { kind: 'restore', id },
    session,
    () => recover(request, session.coordination, coordinatedRun(invocation, session)),
    (found) => recoveryEnds(found),
  );
  return recoveryOutcome(report, startedAt, session);
}
