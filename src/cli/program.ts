import { Command, CommanderError } from 'commander';
import { asError, BackupError, type ErrorDetails } from '../base/errors.ts';
import { registerAlerts } from './commands/alerts.ts';
import { registerBackup } from './commands/backup.ts';
import { registerCleanup } from './commands/cleanup.ts';
import { registerConfig } from './commands/config.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerHealth } from './commands/health.ts';
import { registerList } from './commands/list.ts';
import { registerMonitor } from './commands/monitor.ts';
import { registerRecover } from './commands/recover.ts';
import { registerReport } from './commands/report.ts';
import { registerRestore } from './commands/restore.ts';
import { registerSchedule } from './commands/schedule.ts';
import { registerServe } from './commands/serve.ts';
import { registerShow } from './commands/show.ts';
import { registerStatus } from './commands/status.ts';
import { registerValidate } from './commands/validate.ts';
import { registerVolumes } from './commands/volumes.ts';
import type { Host } from './host.ts';
import type { Act, Invocation } from './invocation.ts';
import type { Outcome } from './outcome.ts';
import { progressView, type ProgressStyle } from './progress.ts';
import { type Manner, render } from './render.ts';

const COMMANDS = [
  registerStatus,
  registerSchedule,
  registerReport,
  registerVolumes,
  registerBackup,
  registerList,
  registerShow,
  registerValidate,
  registerRecover,
  registerRestore,
  registerCleanup,
  registerConfig,
  registerDoctor,
  registerServe,
  registerMonitor,
  registerHealth,
  registerAlerts,
];

/** Runs one command line (without node and script) and returns its exit code. Never throws. */
export async function runCli(args: readonly string[], host: Host): Promise<number> {
  let code = 0;
  const program = describeProgram(host, async (work) => {
    code = await perform(work, mannerOf(program, host), host);
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return refuse(error, mannerFromWords(args, host), host);
  }
}

function describeProgram(host: Host, act: Act): Command {
  const program = new Command('physics-backup')
    .description('Backup and recovery of PostgreSQL, Neo4j, Redis and application files as one recovery point.')
    .version(host.version, '--version', 'print the version')
    .option('--json', 'print one JSON document to standard output')
    .option('--quiet', 'no progress')
    .option('--no-color', 'no colours (also: NO_COLOR in the environment)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      outputError: () => undefined, // shown by `refuse`
    })
    .exitOverride();
  for (const register of COMMANDS) register(program, act);
  return program;
}

async function perform(
  work: (invocation: Invocation) => Promise<Outcome>,
  manner: Manner,
  host: Host,
): Promise<number> {
  const progress = progressView(host.stderr, progressStyle(manner, host));
  const tell = (line: string): void => progress.line(line);
  let outcome: Outcome;
  try {
    outcome = await work({ host, progress, open: (request) => host.open(request, tell) });
  } catch (error) {
    outcome = { data: {}, text: '', errors: [asError(error)] };
  }
  progress.close();
  const code = render(outcome, manner, host);
  host.ended(code, outcome.errors ?? []);
  return code;
}

function progressStyle(manner: Manner, host: Host): ProgressStyle {
  if (manner.quiet) return 'silent';
  return host.stderr.terminal ? 'redrawn' : 'lines';
}

function mannerOf(program: Command, host: Host): Manner {
  const options = program.opts<{ json?: boolean; quiet?: boolean; color: boolean }>();
  return {
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    color: options.color && host.color && host.stderr.terminal,
  };
}

/** For command lines that could not be parsed. */
function mannerFromWords(args: readonly string[], host: Host): Manner {
  const color = !args.includes('--no-color') && host.color && host.stderr.terminal;
  return { json: args.includes('--json'), quiet: false, color };
}

/** Help and version end in an exception too; they are no errors. */
function refuse(error: unknown, manner: Manner, host: Host): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return 2; // the help was printed to standard error
    return render({ data: {}, text: '', errors: [usageError(error)] }, manner, host);
  }
  return render({ data: {}, text: '', errors: [asError(error)] }, manner, host);
}

function usageError(error: CommanderError): BackupError {
  const [, message = '', likely] = /^(?:error: )?(.*?)(?:\s*\(Did you mean (.*?)\?\))?\s*$/s.exec(error.message) ?? [];
  const hint = likely === undefined ? 'see: physics-backup --help' : `did you mean "${likely}"?`;
  const details: ErrorDetails = { kind: 'usage', hint };
  return new BackupError(message, details);
}
