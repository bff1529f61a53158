import type { Command } from 'commander';
import { untilStopped } from '../until-stopped.ts';
import type { Act } from '../invocation.ts';

export function registerMonitor(program: Command, act: Act): void {
  program
    .command('monitor')
    .description('look at the backups again and again and show what was seen on MONITOR_PORT, until it is stopped')
    .action(() => act(({ host }) => untilStopped(host, () => host.monitor())));
}
