import { type TestContext } from 'vitest';

const ROOT = process.getuid?.() === 0;

/** Tests of a full disk mount one of their own. */
export const CAN_MOUNT = ROOT;

/**
 * For a test that this machine cannot run: says so where people look, and fails where all must run (CI). Never green
 * in silence.
 */
export function requires(can: boolean, what: string, { skip, task }: TestContext): void {
  if (can) return;
  process.stderr.write(`not run: ${task.name}: it needs ${what}\n`);
  if (process.env['CI'] === 'true') throw new Error(`not run: it needs ${what}`);
  skip(`it needs ${what}`);
}

/**
 * Puts a run under the rights that files give it: root loses those that reach past them. `setpriv` keeps the user, so
 * that what the tests made stays readable.
 */
export const UNPRIVILEGED: readonly string[] = ROOT
  ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search,-fowner,-chown', '--']
  : [];
