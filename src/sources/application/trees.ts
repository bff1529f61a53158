import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { BackupError } from '../../base/errors.ts';
import type { Facts } from '../../model/facts.ts';
import type { Context } from '../../model/source.ts';
import { setAttributes } from './attributes.ts';
import { exists, type Place } from './place.ts';

/** rm(1): names need not be UTF-8. Directories without rights for their owner are given them first. */
export async function removeTree(directory: string, { processes, signal }: Context): Promise<void> {
  if (!(await exists(directory))) return;
  const search = ['-P', directory, '-xdev', '-type', 'd', '!', '-perm', '-u+rwx', '-exec', 'chmod', 'u+rwx', '{}', ';'];
  await processes.run({ file: 'find', args: search }, signal);
  await processes.run({ file: 'rm', args: ['--recursive', '--force', '--one-file-system', '--', directory] }, signal);
}

/** Removes a restore's own directory; one inside the live directory has changed that one's attributes. */
export async function removeContainer(place: Place, attributes: string, context: Context): Promise<void> {
  await removeTree(place.container, context);
  if (place.exchange === 'inside') await setAttributes(place.live, attributes, context);
}

/** Writes all that was extracted to the disk: syncfs(2) of the file systems. */
export async function syncTrees(places: readonly Place[], { processes, signal }: Context): Promise<void> {
  const containers = places.map((each) => each.container);
  await processes.run({ file: 'sync', args: ['--file-system', '--', ...containers] }, signal);
}

/** Fails with kind `no-space` unless the trees fit beside what is there. Their containers exist. */
export async function assertRoom(places: readonly Place[], facts: Facts): Promise<void> {
  const needs = new Map<number, { directory: string; bytes: number; entries: number }>();
  for (const place of places) {
    const { dev } = await stat(place.container);
    const { bytes, entries } = sizeOf(place, facts);
    const sum = needs.get(dev) ?? { directory: path.dirname(place.container), bytes: 0, entries: 0 };
    needs.set(dev, { ...sum, bytes: sum.bytes + bytes, entries: sum.entries + entries });
  }
  for (const { directory, bytes, entries } of needs.values()) {
    const { bavail, bsize, ffree, files } = await statfs(directory);
    if (bavail * bsize < bytes) throw noRoom(directory, `${bytes} bytes`, bavail * bsize);
    if (files > 0 && ffree < entries) throw noRoom(directory, `${entries} inodes`, ffree);
  }
}

function noRoom(directory: string, needed: string, free: number): BackupError {
  return new BackupError(`application: the restored files need ${needed} in ${directory}, ${free} are free`, {
    kind: 'no-space',
    hint: 'make room there: they lie beside the live ones until the recovery is finished',
  });
}

/** Sparse files need less; a file needs whole blocks: half of one more each on average. */
function sizeOf({ name }: Place, facts: Facts): { readonly bytes: number; readonly entries: number } {
  const fact = (what: string): number => Number(facts[`${what} ${name}`]?.value ?? 0);
  const entries = fact('files') + fact('directories') + fact('links');
  return { bytes: fact('bytes') + entries * 2048, entries };
}

/** The names of the trees that a backup holds. */
export function treeNames(facts: Facts): string[] {
  return Object.keys(facts).flatMap((name) => /^digest (.+)$/.exec(name)?.[1] ?? []);
}
