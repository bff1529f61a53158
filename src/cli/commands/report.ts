import type { Command } from 'commander';
import { reportOf } from '../../policy/report.ts';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';

export function registerReport(program: Command, act: Act): void {
  program
    .command('report')
    .description('write all that is known as JSON, below LOG_DIR/monitoring')
    .action(() => act(report));
}

async function report({ host }: Invocation): Promise<Outcome> {
  const situation = await host.situation();
  const file = await host.writeReport('backup', reportOf(situation), situation.at);
  return { data: { file }, text: file };
}
