import { accessSync, constants, mkdirSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { reason } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { LogKind } from '../cli/host.ts';

/**
 * The log of one run: lines of JSON in `<logs>/<kind>/…`, warnings to the operator too. A directory that cannot be
 * written is said once, and the details go to the operator instead.
 */
export function openLog(logs: string, kind: LogKind, now: string, tell: (line: string) => void): Log {
  const file = path.join(logs, kind, fileName(kind, now));
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    accessSync(path.dirname(file), constants.W_OK);
    return fileLog(file, tell);
  } catch (error) {
    tell(`warning: no log file: ${reason(error)}`);
    return operatorLog(tell);
  }
}

/** Names that the deployment guide gives, and one file a day where it gives none. */
function fileName(kind: LogKind, now: string): string {
  const day = now.slice(0, 10).replaceAll('-', '');
  const time = now.slice(11, 19).replaceAll(':', '');
  if (kind === 'restore') return `disaster_recovery_${day}_${time}.log`;
  return kind === 'validation' ? 'backup_validator.log' : `${kind}_${day}.log`;
}

function fileLog(file: string, tell: (line: string) => void): Log {
  const destination = pino.destination({ dest: file, sync: true, mode: 0o600 });
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
      tell(`warning: ${message}`);
    },
    error: (message, fields) => logger.error(fields, message),
  };
}

function operatorLog(tell: (line: string) => void): Log {
  return {
    debug: () => undefined,
    info: (message) => tell(message),
    warn: (message) => tell(`warning: ${message}`),
    error: () => undefined, // errors are shown anyway
  };
}
