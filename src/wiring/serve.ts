import { systemClock } from '../base/clock.ts';
import { reason } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Host } from '../cli/host.ts';
import { type Configuration, loadConfiguration } from '../config/load.ts';
import { serve } from '../daemons/serve.ts';
import type { RunRecord } from '../model/runs.ts';
import type { Service } from '../model/vocabulary.ts';
import { RunHistory } from '../records/run-history.ts';
import { agentFactory, sweepLeftSandboxes } from './agents.ts';
import { ConfigurationInForce } from './configuration-in-force.ts';
import { daemonLog } from './daemon-log.ts';
import type { Process } from './host.ts';
import { scheduledCommands } from './scheduled-commands.ts';
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
  const inForce = new ConfigurationInForce(configuration, () => loadConfiguration(process.environment), say);
  if (options.schedule) sayChain(inForce, say);
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
            schedules: () => inForce.schedules,
            look: () => inForce.look(),
            zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
            clock: systemClock,
            ...scheduledCommands({ process, hostOf, inForce, say, note }),
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

/** What follows each backup, said once. */
function sayChain(inForce: ConfigurationInForce, say: (line: string) => void): void {
  const { retention } = inForce.now().settings();
  const cleanup = retention.enabled ? 'cleanup' : 'cleanup (off: CLEANUP_ENABLED is false)';
  say(`after each backup, and once a day: validate, ${cleanup}; replica: not configured; drill: not configured`);
}
