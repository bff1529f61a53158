import type { Command } from 'commander';
import type { BackupReport } from '../../coordination/backup-all.ts';
import { errorsOf } from '../../coordination/fan-out.ts';
import type { BackupResult } from '../../model/agent.ts';
import { BACKUP_TYPES, SERVICES } from '../../model/vocabulary.ts';
import { BackupError } from '../../base/errors.ts';
import { count, formatBytes, formatInstant, formatSeconds, formatTable } from '../format.ts';
import { type Act, agentsOf, coordinatedRun, type Invocation } from '../invocation.ts';
import { noted, type ServiceEnd } from '../noting.ts';
import type { Outcome } from '../outcome.ts';
import { withTimeLimit } from '../time-limit.ts';
import { parseServices, parseType } from '../words.ts';

export function registerBackup(program: Command, act: Act): void {
  program
    .command('backup')
    .description('capture one service, or all of them as one recovery point')
    .argument('<service>', `${SERVICES.join(', ')} or all`)
    .argument('<type>', BACKUP_TYPES.join(', '))
    .action((service: string, type: string) => act((invocation) => backup(service, type, invocation)));
}

async function backup(serviceWord: string, typeWord: string, invocation: Invocation): Promise<Outcome> {
  const services = parseServices(serviceWord);
  const type = parseType(typeWord);
  const { backupAll } = await import('../../coordination/backup-all.ts');
  await using session = await invocation.open({ services, access: 'live', log: 'backup' });
  const report = await noted(
    { kind: 'backup', type },
    session,
    () =>
      withTimeLimit(session.timeLimitSeconds, invocation.host.signal, (signal) =>
        backupAll(agentsOf(session), type, session.coordination, coordinatedRun(invocation, session, signal)),
      ),
    ({ results }) => results.map((each) => endOf(each)),
  );
  return outcomeOf(report);
}

function endOf({ service, value, error }: BackupReport['results'][number]): ServiceEnd {
  if (value === undefined) return { service, errors: error === undefined ? [] : [error] };
  return { service, id: value.manifest.id, errors: damageOf(value), warnings: warningsOf(value) };
}

function outcomeOf(report: BackupReport): Outcome {
  const captured = report.results.flatMap(({ value }) => value ?? []);
  const skew = report.skewSeconds ?? null;
  return {
    data: {
      recoveryPoint: report.recoveryPoint ?? null,
      skewSeconds: skew,
      backups: captured.map((each) => dataOf(each)),
    },
    text: captured.length === 0 ? '' : textOf(captured, report),
    warnings: captured.flatMap((each) => warningsOf(each)),
    errors: [...failuresOf(report), ...captured.flatMap((each) => damageOf(each))],
  };
}

function failuresOf({ results }: BackupReport): Error[] {
  return errorsOf(results);
}

function dataOf({ manifest, storedBytes, seconds, phases, outcomes }: BackupResult): object {
  const { id, service, type, moment, consistency, suspect } = manifest;
  return { id, service, type, moment, bytes: storedBytes, seconds, phases, consistency, suspect, outcomes };
}

function textOf(captured: readonly BackupResult[], { recoveryPoint, skewSeconds }: BackupReport): string {
  const table = formatTable(captured, [
    { title: 'BACKUP', of: ({ manifest }) => manifest.id },
    { title: 'SIZE', of: ({ storedBytes }) => formatBytes(storedBytes), align: 'right' },
    { title: 'TIME', of: ({ seconds }) => formatSeconds(seconds), align: 'right' },
    { title: 'CHECKED', of: (result) => checkedText(result) },
  ]);
  if (recoveryPoint !== undefined) {
    return `${table}\nrecovery point ${recoveryPoint}: ${count(captured.length, 'service')}, skew ${formatSeconds(skewSeconds ?? 0)}`;
  }
  const [only] = captured;
  return captured.length === 1 && only !== undefined
    ? `${table}\nconsistent at ${formatInstant(only.manifest.moment)}`
    : table;
}

function checkedText({ outcomes }: BackupResult): string {
  if (outcomes.length === 0) return 'no';
  return outcomes.map(({ level, passed }) => (passed ? level : `${level} FAILED`)).join(', ');
}

function warningsOf({ manifest, outcomes }: BackupResult): string[] {
  return [
    ...manifest.warnings.map((each) => `${manifest.service}: ${each}`),
    ...(manifest.consistency === 'fuzzy' ? [`${manifest.id} is fuzzy: writes went on while it was taken`] : []),
    ...manifest.suspect.map((each) => `${manifest.id} is suspect: ${each}`),
    ...outcomes.flatMap((outcome) => outcome.warnings.map((each) => `${manifest.id}: ${each}`)),
  ];
}

/** A backup that was committed and then did not pass: it exists, and no one may take it for good. */
function damageOf({ manifest, outcomes }: BackupResult): BackupError[] {
  return outcomes.flatMap(({ level, errors }) =>
    errors.map(
      (each) =>
        new BackupError(`${manifest.id} failed its ${level} check: ${each}`, {
          kind: 'damaged',
          hint: 'take another backup; this one does not count as verified',
        }),
    ),
  );
}
