import { stopwatch, systemClock } from '../base/clock.ts';
import { reason } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Host, Output } from '../cli/host.ts';
import { EXIT_CODES } from '../cli/exit-codes.ts';
import { runCli } from '../cli/program.ts';
import type { Configuration } from '../config/load.ts';
import type { RunEnd } from '../daemons/scheduler.ts';
import { serve } from '../daemons/serve.ts';
import type { RunRecord } from '../model/runs.ts';
import type { Service } from '../model/vocabulary.ts';
import type { Turn } from '../policy/schedule.ts';
import { RunHistory } from '../records/run-history.ts';
import { agentFactory, sweepLeftSandboxes } from './agents.ts';
import { daemonLog } from './daemon-log.ts';
import type { Process } from './host.ts';
import { servedServices } from './served-services.ts';
import { unsetServices } from './sources.ts';
import { toolsIn } from './surroundings.ts';

/** Runs the daemons of this process's services until it is told to stop. */
export async function serveHere(
  options: { readonly schedule: boolean },
  configuration: Configuration,
  process: Process,
  hostOf: (process: Process) => Host,
): Promise<void> {
  const settings = configuration.settings();
  const services = servedServices(settings);
  const log = daemonLog(settings.run.logs, 'backup', (line) => process.stderr.write(`${line}\n`));
  const say = (line: string): void => {
    process.stdout.write(`${systemClock.now()} ${line}\n`);
    log.info(line);
  };
  const tools = toolsIn(process, log);
  const note = async (run: RunRecord): Promise<void> => {
    await new RunHistory(settings.run.state).append(run, tools.processes).catch((error: unknown) => {
      say(`${run.service}: how a run ended could not be noted: ${reason(error)}`);
    });
  };
  const { signal } = process;
  const openAgent = async (access: 'inspect' | 'contents' | 'live', to: Log, service: Service) => {
    const [unset] = access === 'live' ? unsetServices([service], settings) : [];
    if (unset !== undefined) throw unset.error;
    const own = { ...tools, log: to };
    if (access === 'live') await sweepLeftSandboxes(settings, own, signal);
    return await (
      await agentFactory(access, settings, own, signal)
    )(service);
  };
  await serve(
    {
      services,
      schedule: options.schedule
        ? {
            schedules: configuration.schedules(),
            zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
            clock: systemClock,
            run: (turn) => runBackup(turn, process, hostOf, say, note),
            note,
          }
        : undefined,
      agent: {
        directory: settings.services.sockets,
        version: process.version,
        processes: tools.processes,
        log,
        openAgent,
      },
      stateDirectory: settings.run.state,
      processes: tools.processes,
      say,
    },
    signal,
  );
  say('stopped');
}

/** The command that an operator would type, with its lines said one by one. */
async function runBackup(
  { schedule: { service, type }, slot }: Turn,
  process: Process,
  hostOf: (process: Process) => Host,
  say: (line: string) => void,
  note: (run: RunRecord) => Promise<void>,
): Promise<RunEnd> {
  const words = ['--quiet', 'backup', service, type];
  const [began, seconds] = [systemClock.now(), stopwatch()];
  const trigger = { trigger: 'schedule', slot } as const;
  const said: string[] = [];
  const lines = linesOf((line) => {
    said.push(line);
    say(`${service} ${type}: ${line}`);
  });
  const host = hostOf({ ...process, arguments: words, stdout: lines, stderr: lines, color: false, trigger });
  const opening = noteOpening(host);
  const code = await runCli(words, opening.host);
  say(`${service} ${type}: ${code === 0 ? 'done' : `ended with exit code ${code}`}`);
  if (!opening.opened()) {
    const message = said.find((line) => line.startsWith('error: '))?.slice('error: '.length) ?? 'could not begin';
    await note({ kind: 'backup', service, type, began, seconds: seconds(), code, ...trigger, message });
  }
  return { code, steppedAside: code === EXIT_CODES.busy, cancelled: process.signal.aborted && code >= 128 };
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
