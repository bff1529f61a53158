import { describeError } from '../base/causes.ts';
import { systemClock } from '../base/clock.ts';
import type { Host, OpenRequest, Output } from '../cli/host.ts';
import type { Configuration } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import type { ClosableLog } from './log-file.ts';
import { operatorLog } from './operator-log.ts';
import { servedServices } from './served-services.ts';
import type { Surroundings } from './surroundings.ts';

/** The process that a command runs in. */
export interface Process extends Surroundings {
  /** Without node and script. */
  readonly arguments: readonly string[];
  readonly stdout: Output;
  readonly stderr: Output;
  readonly color: boolean;
  readonly version: string;
}

/** Makes what the commands ask for of the settings of this process. What a command does not need is not loaded. */
export function hostOf(process: Process): Host {
  const { stdout, stderr, color, version, signal } = process;
  let log: ClosableLog | undefined;
  const toStderr = (line: string): void => stderr.write(`${line}\n`);
  return {
    stdout,
    stderr,
    color,
    version,
    signal,
    async configuration() {
      const { reportOf } = await import('../config/report.ts');
      const configuration = await configurationOf(process);
      return { settings: reportOf(configuration), errors: configuration.errors };
    },
    async schedules() {
      const configuration = await configurationOf(process);
      const { expected } = configuration.settings().services;
      const lines = configuration.scheduleEntries().filter(({ service }) => expected.includes(service));
      return { at: systemClock.now(), zone: new Intl.DateTimeFormat().resolvedOptions().timeZone, lines };
    },
    async open(request, tell) {
      const { openSession } = await import('./session.ts');
      const configuration = await configurationOf(process);
      log = await logOf(request, configuration.settings(), tell);
      const session = await openSession(request, configuration, process, log);
      log.info('began', { arguments: process.arguments });
      return session;
    },
    async serve(options) {
      const { serveHere } = await import('./serve.ts');
      await serveHere(options, await configurationOf(process), process, hostOf);
    },
    async situation() {
      const { situationLook } = await import('./situation.ts');
      const look = situationLook(await configurationOf(process), process, operatorLog(toStderr));
      return await look(signal);
    },
    async monitor() {
      const { monitorHere } = await import('./monitor.ts');
      await monitorHere(await configurationOf(process), process);
    },
    async writeReport(kind, content, at) {
      const { REPORTS, Reports } = await import('../records/reports.ts');
      const settings = (await configurationOf(process)).settings();
      const reports = new Reports(settings.run.logs, REPORTS[kind]);
      if (typeof content === 'string') return await reports.writeText(`${content}\n`, at, 'txt');
      return await reports.write(content, at);
    },
    async ailments() {
      const { ailments } = await import('../daemons/health.ts');
      const settings = (await configurationOf(process)).settings();
      return await ailments(servedServices(settings), settings.services.sockets);
    },
    async alerts() {
      const { readOutbox } = await import('../records/alert-outbox.ts');
      return await readOutbox((await configurationOf(process)).settings().run.state);
    },
    async testAlerts() {
      const [{ addressees }, { tryAll }] = await Promise.all([import('./alerts.ts'), import('../alerting/trial.ts')]);
      return await tryAll(addressees((await configurationOf(process)).settings()), systemClock, signal);
    },
    ended(code, errors) {
      for (const error of errors) log?.error(error.message, { error: describeError(error) });
      log?.info('ended', { code });
      log?.close();
    },
  };
}

async function configurationOf({ environment, configuration }: Surroundings): Promise<Configuration> {
  if (configuration !== undefined) return configuration;
  const { loadConfiguration } = await import('../config/load.ts');
  return loadConfiguration(environment);
}

/** The library that writes files is loaded only where one is written. */
async function logOf({ log }: OpenRequest, settings: Settings, tell: (line: string) => void): Promise<ClosableLog> {
  if (log === 'none') return { ...operatorLog(tell), close: () => undefined };
  const { openLog } = await import('./log-file.ts');
  return openLog(settings.run.logs, log, systemClock.now(), tell);
}
