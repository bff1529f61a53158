import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Host, Output } from '../cli/host.ts';
import { EXIT_CODES } from '../cli/exit-codes.ts';
import { runCli } from '../cli/program.ts';
import type { Configuration } from '../config/load.ts';
import type { RunEnd } from '../daemons/scheduler.ts';
import { serve } from '../daemons/serve.ts';
import type { BackupType, Service } from '../model/vocabulary.ts';
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
  const log = daemonLog(settings.run.logs, (line) => process.stderr.write(`${line}\n`));
  const say = (line: string): void => {
    process.stdout.write(`${systemClock.now()} ${line}\n`);
    log.info(line);
  };
  const tools = toolsIn(process, log);
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
            run: (service, type) => runBackup(service, type, process, hostOf, say),
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
  service: Service,
  type: BackupType,
  process: Process,
  hostOf: (process: Process) => Host,
  say: (line: string) => void,
): Promise<RunEnd> {
  const words = ['--quiet', 'backup', service, type];
  const lines = linesOf((line) => say(`${service} ${type}: ${line}`));
  const host = hostOf({ ...process, arguments: words, stdout: lines, stderr: lines, color: false });
  const code = await runCli(words, host);
  say(`${service} ${type}: ${code === 0 ? 'done' : `ended with exit code ${code}`}`);
  return { code, steppedAside: code === EXIT_CODES.busy, cancelled: process.signal.aborted && code >= 128 };
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
