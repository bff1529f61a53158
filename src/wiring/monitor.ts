import { describeError } from '../base/causes.ts';
import { systemClock } from '../base/clock.ts';
import type { Configuration } from '../config/load.ts';
import { monitor } from '../daemons/monitor/monitor.ts';
import { dailyReport, volumeSamples } from '../daemons/monitor/observers.ts';
import { daemonLog } from './daemon-log.ts';
import type { Process } from './host.ts';
import { LoneAlerter } from './lone-alerter.ts';
import { situationLook } from './situation.ts';
import { toolsIn } from './surroundings.ts';

/** A look over 100,000 backups that nobody has listed before takes a minute on a slow disk. */
const LOOK_LIMIT_SECONDS = 180;
const RETRY_SECONDS = 15;

/** Looks, tells the receivers of alerts, and answers over HTTP, until this process is told to stop. */
export async function monitorHere(configuration: Configuration, process: Process): Promise<void> {
  const settings = configuration.settings();
  const { host, port, token, interval } = settings.monitor;
  const log = daemonLog(settings.run.logs, 'monitoring', (line) => process.stderr.write(`${line}\n`));
  const say = (line: string): void => {
    process.stdout.write(`${systemClock.now()} ${line}\n`);
    log.info(line);
  };
  await using alerter = await LoneAlerter.open(configuration, toolsIn(process, log).processes, say, process.signal);
  await monitor(
    {
      look: situationLook(configuration, process, log),
      observers: [
        (situation, signal) => alerter.observe(situation, signal),
        dailyReport(settings.run.logs),
        volumeSamples(settings.run.state),
      ],
      expected: {
        services: settings.services.expected,
        rpoSeconds: settings.recovery.rpoHours * 3600,
        rtoSeconds: settings.recovery.rtoMinutes * 60,
      },
      intervalSeconds: interval,
      limitSeconds: LOOK_LIMIT_SECONDS,
      retrySeconds: RETRY_SECONDS,
      clock: systemClock,
      say,
      note: (message, error) => log.error(message, { error: describeError(error) }),
      address: { host, port },
      version: process.version,
      token,
    },
    process.signal,
  );
  say('stopped');
}
