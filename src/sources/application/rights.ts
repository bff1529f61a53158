import { access, constants } from 'node:fs/promises';
import { type Capability, hasCapability } from '../../base/capabilities.ts';
import { systemCode } from '../../base/errors.ts';

/** What who may not write there can do. */
export const WRITING_HINT =
  'in containers: recover in backup-restore, as disaster_recovery.sh on the host does; elsewhere: restore as root, or ' +
  'with the capabilities of "What the helper needs" (docs/architecture.md)';

export function isWritable(directory: string): Promise<boolean> {
  return mayAccess(directory, constants.W_OK | constants.X_OK, ['dac-override']);
}

export function isReadable(directory: string): Promise<boolean> {
  return mayAccess(directory, constants.R_OK | constants.X_OK, ['dac-override', 'dac-read-search']);
}

/** access(2) looks at the user alone, unless he is root: a capability that he was given it does not see. */
async function mayAccess(directory: string, mode: number, overriding: readonly Capability[]): Promise<boolean> {
  try {
    await access(directory, mode);
    return true;
  } catch (error) {
    return systemCode(error) === 'EACCES' && overriding.some((each) => hasCapability(each));
  }
}
