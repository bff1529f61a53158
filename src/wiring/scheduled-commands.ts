import { stopwatch, systemClock } from '../base/clock.ts';
import { BackupError } from '../base/errors.ts';
import { EXIT_CODES } from '../cli/exit-codes.ts';
import type { Host, Output } from '../cli/host.ts';
import { runCli } from '../cli/program.ts';
import type { RunEnd, SchedulerDeps } from '../daemons/scheduler.ts';
import type { RunRecord, RunTrigger } from '../model/runs.ts';
import type { Service } from '../model/vocabulary.ts';
import type { Turn } from '../policy/schedule.ts';
import type { ConfigurationInForce } from './configuration-in-force.ts';
import type { Process } from './host.ts';

/** What scheduled commands are run with. */
export interface ScheduledRuns {
  readonly process: Process;
  readonly hostOf: (process: Process) => Host;
  readonly inForce: ConfigurationInForce;
  readonly say: (line: string) => void;
  readonly note: (run: RunRecord) => Promise<void>;
}

/** The commands that an operator would type, with their lines said one by one. */
export function scheduledCommands(runs: ScheduledRuns): Pick<SchedulerDeps, 'run' | 'care'> {
  return {
    run: (turn, signal) => runBackup(turn, runs, signal),
    care: (service, after, signal) => takeCare(service, after, runs, signal),
  };
}

async function runBackup(turn: Turn, runs: ScheduledRuns, signal: AbortSignal): Promise<RunEnd> {
  const { service, type } = turn.schedule;
  const [began, seconds] = [systemClock.now(), stopwatch()];
  const trigger = { trigger: 'schedule', slot: turn.slot } as const;
  const { code, opened, error } = await runCommand(
    ['backup', service, type],
    `${service} ${type}`,
    trigger,
    runs,
    signal,
  );
  if (!opened) {
    const message = error ?? 'could not begin';
    await runs.note({ kind: 'backup', service, type, began, seconds: seconds(), code, ...trigger, message });
  }
  return { code, steppedAside: code === EXIT_CODES.busy, cancelled: signal.aborted && code >= 128 };
}

const GOOD: readonly (number | undefined)[] = [0, 4];

/**
 * The newest backup is checked to its content once a day, be it by the backup itself; then retention. A replica and
 * drills come after that once there are any.
 */
async function takeCare(
  service: Service,
  after: number | undefined,
  runs: ScheduledRuns,
  signal: AbortSignal,
): Promise<boolean> {
  const { run, retention } = runs.inForce.now().settings();
  const isChecked = run.validation && GOOD.includes(after);
  const commands = [
    ...(isChecked ? [] : [['validate', service]]),
    ...(retention.enabled ? [['cleanup', service, 'all']] : []),
  ];
  for (const words of commands) {
    const limit = AbortSignal.any([signal, limitOf(run.timeout)]);
    const subject = `${service} ${words[0] ?? ''}`;
    const { code } = await runCommand(words, subject, { trigger: 'schedule' }, runs, limit);
    if (code === EXIT_CODES.busy || signal.aborted) return false;
  }
  return true;
}

function limitOf(seconds: number): AbortSignal {
  const limit = new AbortController();
  const error = new BackupError(`stopped at the time limit of ${seconds} s`, {
    kind: 'timeout',
    hint: 'raise BACKUP_TIMEOUT',
  });
  setTimeout(() => limit.abort(error), seconds * 1000).unref();
  return limit.signal;
}

interface CommandEnd {
  readonly code: number;
  /** Whether it came so far that it notes its own end. */
  readonly opened: boolean;
  /** Its first error. */
  readonly error: string | undefined;
}

async function runCommand(
  words: readonly string[],
  subject: string,
  trigger: RunTrigger,
  { process, hostOf, inForce, say }: ScheduledRuns,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const said: string[] = [];
  const lines = linesOf((line) => {
    said.push(line);
    say(`${subject}: ${line}`);
  });
  const all = ['--quiet', ...words];
  const configuration = inForce.now();
  const own = { arguments: all, stdout: lines, stderr: lines, color: false, trigger, configuration, signal };
  const { host, opened } = noteOpening(hostOf({ ...process, ...own }));
  const code = await runCli(all, host);
  say(`${subject}: ${code === 0 ? 'done' : `ended with exit code ${code}`}`);
  const error = said.find((line) => line.startsWith('error: '))?.slice('error: '.length);
  return { code, opened: opened(), error };
}

/** A run notes its own end, unless it could not even be opened. */
function noteOpening(host: Host): { readonly host: Host; readonly opened: () => boolean } {
  let opened = false;
  const open: Host['open'] = async (request, tell) => {
    const session = await host.open(request, tell);
    opened = true;
    return session;
  };
  return { host: { ...host, open }, opened: () => opened };
}

/** An output whose lines are handed on whole; nobody looks at it. */
function linesOf(hand: (line: string) => void): Output {
  let begun = '';
  return {
    write(text) {
      const lines = (begun + text).split('\n');
      begun = lines.pop() ?? '';
      for (const line of lines) hand(line);
    },
    terminal: false,
    columns: 200,
  };
}
