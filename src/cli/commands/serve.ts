import type { Command } from 'commander';
import { asError } from '../../base/errors.ts';
import { Interrupted } from '../exit-codes.ts';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';

export function registerServe(program: Command, act: Act): void {
  program
    .command('serve')
    .description('answer as agent of the services of AGENT_SERVICES and run their schedules, until it is stopped')
    .option('--no-schedule', 'answer only; take no backup unasked')
    .action((options: { schedule: boolean }) => act((invocation) => serve(options, invocation)));
}

/** Being stopped is how it ends well; Ctrl-C is an interrupt as anywhere else. */
async function serve(options: { schedule: boolean }, { host }: Invocation): Promise<Outcome> {
  try {
    await host.serve(options);
  } catch (error) {
    if (asError(error) !== host.signal.reason) throw error; // stopped before it had begun
  }
  const { reason } = host.signal as { reason: unknown };
  const interrupted = reason instanceof Interrupted && reason.exitCode === 130;
  return { data: {}, text: '', errors: interrupted ? [reason] : [] };
}
