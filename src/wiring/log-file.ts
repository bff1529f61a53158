import path from 'node:path';
import { pino } from 'pino';
import { makeDirectories } from '../base/directories.ts';
import { reason } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { LogKind } from '../cli/host.ts';
import { operatorLog, warning } from './operator-log.ts';

export type FileKind = Exclude<LogKind, 'none'>;

/** A log that holds a file open. */
export interface ClosableLog extends Log {
  /** Nothing may be noted after it. */
  close(): void;
}

/**
 * The log of one run: lines of JSON in `<logs>/<kind>/…`, made with the first of them; warnings to the operator too.
 * A file that cannot be written is said once, and the details go to the operator instead.
 */
export function openLog(logs: string, kind: FileKind, now: string, tell: (line: string) => void): ClosableLog {
  const file = path.join(logs, kind, fileName(kind, now));
  let log: ClosableLog | undefined;
  const opened = (): ClosableLog => (log ??= logTo(file, tell));
  return {
    debug: (message, fields) => opened().debug(message, fields),
    info: (message, fields) => opened().info(message, fields),
    warn: (message, fields) => opened().warn(message, fields),
    error: (message, fields) => opened().error(message, fields),
    close: () => log?.close(),
  };
}

function logTo(file: string, tell: (line: string) => void): ClosableLog {
  try {
    makeDirectories(path.dirname(file), 0o755);
    return fileLog(file, tell);
  } catch (error) {
    tell(`warning: there is no log file: ${reason(error)}`);
    return { ...operatorLog(tell), close: () => undefined };
  }
}

/** Names that the deployment guide gives, and one file a day where it gives none. */
function fileName(kind: FileKind, now: string): string {
  const day = now.slice(0, 10).replaceAll('-', '');
  const time = now.slice(11, 19).replaceAll(':', '');
  if (kind === 'restore') return `disaster_recovery_${day}_${time}.log`;
  if (kind === 'monitoring') return `monitor_${day}.log`;
  return kind === 'validation' ? 'backup_validator.log' : `${kind}_${day}.log`;
}

function fileLog(file: string, tell: (line: string) => void): ClosableLog {
  const destination = pino.destination({ dest: file, sync: true, mode: 0o600 });
  let told = false;
  destination.removeAllListeners('error').on('error', (error: unknown) => {
    // A log that cannot be written (a full disk) must not end a backup, and least of all a rollback.
    if (!told) tell(`warning: the log file cannot be written: ${reason(error)}`);
    told = true;
  });
  const options = {
    level: 'debug',
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = pino(options, destination);
  return {
    debug: (message, fields) => logger.debug(fields, message),
    info: (message, fields) => logger.info(fields, message),
    warn: (message, fields) => {
      logger.warn(fields, message);
      tell(warning(message, fields));
    },
    error: (message, fields) => logger.error(fields, message),
    close: () => destination.end(),
  };
}
