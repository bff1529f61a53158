import { readFileSync } from 'node:fs';
import type { Host, Output } from './cli/host.ts';
import { Interrupted, WARNINGS } from './cli/exit-codes.ts';
import { runCli } from './cli/program.ts';
import { hostOf } from './wiring/host.ts';

/** The edge of the process: argv, environment, signals, exit code. */
async function main(): Promise<void> {
  process.umask(0o077);
  let lost: Error | undefined;
  const code = await runCli(
    process.argv.slice(2),
    processHost((error) => (lost ??= error)),
  );
  // What was written before has left by then, and a failure of it been told.
  process.stdout.write('', () =>
    setImmediate(() => process.exit(lost === undefined ? code : withoutResult(code, lost))),
  );
}

/** What was asked for was done or not, as `code` says; nobody can read it. */
function withoutResult(code: number, { message }: Error): number {
  process.stderr.write(`warning: standard output could not be written: ${message}\n`);
  return code === 0 ? WARNINGS : code;
}

function processHost(lost: (error: Error) => void): Host {
  return hostOf({
    arguments: process.argv.slice(2),
    environment: process.env,
    signal: abortOnSignals(),
    kill: killThis,
    stdout: outputTo(process.stdout, lost),
    stderr: outputTo(process.stderr, () => undefined),
    color: process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb',
    version: version(),
  });
}

function killThis(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
}

/**
 * A reader that went away (`| head`), or a log on a disk that is full, is no reason to stop a backup: what would have
 * been written is dropped. `lost` is told of the latter.
 */
function outputTo(stream: NodeJS.WriteStream, lost: (error: Error) => void): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') lost(error);
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
