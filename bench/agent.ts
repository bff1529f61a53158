import { spawn } from 'node:child_process';
import path from 'node:path';
import { PROGRAM } from './program.ts';

/** The agent of a service in a process of its own, as its container runs it. */
export interface RunningAgent extends AsyncDisposable {
  /** Of a command that has no tools of its own and asks the agent. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Resolves once it answers on its socket. */
export async function startAgent(
  service: string,
  environment: Readonly<Record<string, string>>,
  directory: string,
): Promise<RunningAgent> {
  const shared = { PATH: process.env['PATH'], ...environment, AGENT_DIR: path.join(directory, 'agents') };
  const child = spawn(PROGRAM, ['serve', '--no-schedule'], {
    env: { ...shared, AGENT_SERVICES: service },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('ready: ')) resolve();
    });
    child.once('error', reject).once('exit', (code) => reject(new Error(`the agent ended with ${String(code)}`)));
  });
  return {
    environment: { ...environment, AGENT_DIR: shared.AGENT_DIR, AGENT_SERVICES: 'none' },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
