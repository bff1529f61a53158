import type { Settings } from '../config/schema.ts';

/** What is missing beside what is set; half a control must not be taken for none. */
export function missingForExchange({ neo4j }: Settings): string | undefined {
  const { container, dataDirectory, stopCommand, startCommand } = neo4j;
  if (container !== undefined) return undefined;
  const needed = {
    NEO4J_DATA_DIR: dataDirectory,
    NEO4J_STOP_COMMAND: stopCommand,
    NEO4J_START_COMMAND: startCommand,
  };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length === 0 || missing.length === Object.keys(needed).length) return undefined;
  return `${missing.join(', ')} (needed beside what is set to exchange the live store)`;
}
