import type { Command } from 'commander';
import type { Act } from '../invocation.ts';
import { untilStopped } from '../until-stopped.ts';

export function registerServe(program: Command, act: Act): void {
  program
    .command('serve')
    .description('answer as agent of the services of AGENT_SERVICES and run their schedules, until it is stopped')
    .option('--no-schedule', 'answer only; take no backup unasked')
    .action((options: { schedule: boolean }) => act(({ host }) => untilStopped(host, () => host.serve(options))));
}
