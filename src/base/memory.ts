import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Bytes of memory that processes may still take here, within the limit of a container. Files that the kernel caches
 * count as taken for a container (memory.current, memory.usage_in_bytes) though it gives them up for processes: one that
 * has written a few backups would have no memory left for ever.
 */
export function availableMemory(root = '/'): number {
  const limit = process.constrainedMemory();
  if (limit === 0 || limit >= os.totalmem()) return process.availableMemory();
  return Math.min(os.freemem(), process.availableMemory() + cachedBytes(root));
}

/** Of our control group (cgroups(7)); 0 where the kernel does not say. */
export function cachedBytes(root: string): number {
  const groups = read(path.join(root, 'proc/self/cgroup'));
  const first = /^\d+:memory:(.+)$/m.exec(groups)?.[1];
  const mount = path.join(root, 'sys/fs/cgroup', first === undefined ? '' : 'memory');
  const own = first ?? /^0::(.+)$/m.exec(groups)?.[1] ?? '';
  // A container without a name space of its own reads its path on the host, and sees its group at the mount.
  const stat = read(path.join(mount, own, 'memory.stat')) || read(path.join(mount, 'memory.stat'));
  const bytes = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
  const total = first === undefined ? '' : 'total_'; // version 1: of all groups below, as its usage is
  return bytes(`${total}inactive_file`) + bytes(`${total}active_file`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
