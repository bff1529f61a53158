import type { Command } from 'commander';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';

export function registerHealth(program: Command, act: Act): void {
  program
    .command('health')
    .description('whether the daemon that "serve" is runs its loop and answers on its sockets')
    .action(() => act(health));
}

async function health({ host }: Invocation): Promise<Outcome> {
  const errors = await host.ailments();
  return { data: {}, text: errors.length === 0 ? 'healthy' : '', errors };
}
