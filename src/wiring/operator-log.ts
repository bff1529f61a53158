import type { Log } from '../base/log.ts';

/** Warnings to the operator, and nothing to a file: for a command that only looks. */
export function operatorLog(tell: (line: string) => void): Log {
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (message, fields) => tell(warning(message, fields)),
    error: () => undefined, // the CLI shows errors
  };
}

/** A warning as the operator sees it. */
export function warning(message: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const details = Object.entries(fields).map(([name, value]) => `${name} ${String(value)}`);
  return `warning: ${message}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}
