import type { Command } from 'commander';
import { BackupError } from '../../base/errors.ts';
import type { AlertLedger } from '../../model/alerts.ts';
import { count, formatInstant, formatSeconds, formatTable } from '../format.ts';
import type { AlertTrial } from '../host.ts';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';

export function registerAlerts(program: Command, act: Act): void {
  const alerts = program.command('alerts').description('what the monitor warns of, and whom');
  alerts
    .command('list')
    .description('what fires, and what has not reached its receiver yet')
    .action(() => act(list));
  alerts
    .command('test')
    .description('send a test to each receiver, and say of each how it ended')
    .action(() => act(test));
}

async function list({ host }: Invocation): Promise<Outcome> {
  const { ledger, damage } = await host.alerts();
  const { known, letters } = ledger;
  const pending = letters.map(({ receiver, message: { id, kind, at } }) => ({ receiver, id, kind, at }));
  return {
    data: { firing: known.map(({ condition, since, toldAt }) => ({ condition, since, toldAt })), pending },
    text: [firingText(ledger), ...pendingText(ledger)].join('\n\n'),
    warnings: damage === undefined ? [] : [`the outbox of alerts is damaged: ${damage}`],
  };
}

function firingText({ known }: AlertLedger): string {
  if (known.length === 0) return 'nothing fires';
  return formatTable(known, [
    { title: 'ALERT', of: ({ condition }) => condition.name },
    { title: 'SEVERITY', of: ({ condition }) => condition.severity },
    { title: 'SINCE', of: ({ since }) => formatInstant(since) },
    { title: 'WHAT', of: ({ condition }) => condition.summary },
  ]);
}

function pendingText({ letters }: AlertLedger): string[] {
  const receivers = Map.groupBy(letters, ({ receiver }) => receiver);
  return [...receivers].map(([receiver, waiting]) => {
    const oldest = formatInstant(waiting[0]?.message.at ?? '');
    return `${receiver}: ${count(waiting.length, 'message')} not delivered yet, the oldest of ${oldest}`;
  });
}

async function test({ host }: Invocation): Promise<Outcome> {
  const trials = await host.testAlerts();
  if (trials.length === 0) {
    const hint = 'set WEBHOOK_URL, BACKUP_EMAIL_ENABLED, ALERTMANAGER_URL or HEARTBEAT_URL';
    throw new BackupError('there is nobody to send alerts to', { kind: 'usage', hint });
  }
  const errors = trials.flatMap(({ error }) => error ?? []);
  const receivers = trials.map(({ error, ...rest }) => ({ ...rest, error: error?.message ?? null }));
  return { data: { receivers }, text: trialsText(trials), errors };
}

function trialsText(trials: readonly AlertTrial[]): string {
  return formatTable(trials, [
    { title: 'RECEIVER', of: ({ receiver }) => receiver },
    { title: 'WHERE', of: ({ where }) => where },
    { title: 'TOOK', of: ({ seconds }) => formatSeconds(seconds), align: 'right' },
    { title: 'RESULT', of: ({ error }) => (error === undefined ? 'delivered' : 'failed') },
  ]);
}
