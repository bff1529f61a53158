import { readFileSync } from 'node:fs';
import type { Host, Output } from './cli/host.ts';
import { Interrupted } from './cli/exit-codes.ts';
import { runCli } from './cli/program.ts';
import { hostOf } from './wiring/host.ts';

/** The edge of the process: argv, environment, signals, exit code. */
async function main(): Promise<void> {
  process.umask(0o077);
  const code = await runCli(process.argv.slice(2), processHost());
  process.stdout.write('', () => process.exit(code)); // what was written before has left by then
}

function processHost(): Host {
  return hostOf({
    arguments: process.argv.slice(2),
    environment: process.env,
    signal: abortOnSignals(),
    kill: killThis,
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    color: process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb',
    version: version(),
  });
}

function killThis(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
}

/** A reader that went away (`| head`) is no reason to stop a backup: what it would have read is dropped. */
function outputTo(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    write: (text) => void stream.write(text),
    terminal: stream.isTTY,
    get columns() {
      return stream.columns || 80;
    },
  };
}

/** The first signal asks the run to stop and clean up, the second ends it at once. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const reason = new Interrupted(signal);
      if (controller.signal.aborted) process.exit(reason.exitCode);
      controller.abort(reason);
    });
  }
  return controller.signal;
}

function version(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

await main();
