import { readFileSync } from 'node:fs';

/** The capabilities that matter for files, by their bit (capabilities(7), linux/capability.h). */
const BITS = { chown: 0, 'dac-override': 1, 'dac-read-search': 2 } as const;
export type Capability = keyof typeof BITS;

/** Whether this process has it, whatever its user: root may lack it, and another user may have been given it. */
export function hasCapability(capability: Capability): boolean {
  return (effective() & (1n << BigInt(BITS[capability]))) !== 0n;
}

/** proc_pid_status(5), CapEff; none where it cannot be told. */
function effective(): bigint {
  const [, mask = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return BigInt(`0x${mask}`);
}
