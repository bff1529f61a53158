import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type ClosableLog, type FileKind, openLog } from './log-file.ts';

/** The log of a process that runs for months: a file a day, of which one is open. */
export function daemonLog(logs: string, kind: FileKind, tell: (line: string) => void): Log {
  let day = '';
  let log: ClosableLog | undefined;
  const today = (): Log => {
    const now = systemClock.now();
    if (log !== undefined && day === now.slice(0, 10)) return log;
    log?.close();
    day = now.slice(0, 10);
    log = openLog(logs, kind, now, tell);
    return log;
  };
  return {
    debug: (message, fields) => today().debug(message, fields),
    info: (message, fields) => today().info(message, fields),
    warn: (message, fields) => today().warn(message, fields),
    error: (message, fields) => today().error(message, fields),
  };
}
