import { readFileSync } from 'node:fs';
import type { Host, Output } from './cli/host.ts';
import { Interrupted } from './cli/exit-codes.ts';
import { runCli } from './cli/program.ts';
import type { Log } from './base/log.ts';
import { describeError } from './base/causes.ts';

/** The edge of the process: argv, environment, signals, exit code. */
async function main(): Promise<void> {
  process.umask(0o077);
  const code = await runCli(process.argv.slice(2), processHost());
  process.stdout.write('', () => process.exit(code)); // what was written before has left by then
}

function processHost(): Host {
  let log: Log | undefined;
  const signal = abortOnSignals();
  return {
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    color: process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb',
    version: version(),
    signal,
    async configuration() {
      const [{ loadConfiguration }, { reportOf }] = await Promise.all([
        import('./config/load.ts'),
        import('./config/report.ts'),
      ]);
      const configuration = loadConfiguration(process.env);
      return { settings: reportOf(configuration), errors: configuration.errors };
    },
    async open(request, tell) {
      const [{ loadConfiguration }, { openSession }] = await Promise.all([
        import('./config/load.ts'),
        import('./wiring/session.ts'),
      ]);
      const settings = loadConfiguration(process.env).settings();
      const session = await openSession(request, settings, { environment: process.env, signal, kill: killThis, tell });
      log = session.coordination.log;
      log.info('began', { arguments: process.argv.slice(2) });
      return session;
    },
    ended(code, errors) {
      for (const error of errors) log?.error(error.message, { error: describeError(error) });
      log?.info('ended', { code });
    },
  };
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
