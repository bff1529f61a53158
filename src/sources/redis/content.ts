import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { BackupError } from '../../base/errors.ts';
import { compareFacts } from '../../model/facts.ts';
import type { ContentReport, Context, ReadableBackup } from '../../model/source.ts';
import { type RedisSandbox, startRedisSandbox } from '../../sandbox/redis.ts';
import { RDB } from './capture.ts';
import { countFacts, withExpired } from './count.ts';
import { rdbDamage } from './rdb.ts';
import { assertRoomFor } from './room.ts';
import { sandboxHost } from './own-address.ts';
import { type RedisSettings, sandboxRegistry } from './settings.ts';

/** redis-check-rdb, then a sandbox that loads the file: it must hold exactly what was captured. */
export async function checkRdbContent(
  settings: RedisSettings,
  backup: ReadableBackup,
  context: Context,
): Promise<ContentReport> {
  try {
    await using sandbox = await loadBackup(backup, settings, 'sandbox', context);
    const counted = withExpired(await countFacts(sandbox.connection, context), backup.facts);
    const differences = compareFacts(backup.facts, counted);
    const errors = differences.map(({ name, expected, actual }) => `${name}: ${expected} captured, ${actual} loaded`);
    return { errors, warnings: [] };
  } catch (error) {
    if (!(error instanceof BackupError) || error.kind !== 'damaged') throw error;
    return { errors: [error.message], warnings: [] };
  }
}

/** Loads a backup into a sandbox, which the live server can reach if it is the target. Kind `damaged` when the RDB is not sound. */
export async function loadBackup(
  backup: ReadableBackup,
  settings: RedisSettings,
  target: 'live' | 'sandbox',
  context: Context,
): Promise<RedisSandbox> {
  const bytes = backup.artifacts.find((each) => each.extension === RDB.extension)?.plainBytes ?? 0;
  await assertRoomFor(bytes, context.workDir);
  const directory = await mkdtemp(path.join(context.workDir, 'load-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'dump.rdb');
  context.progress.step('extract');
  await backup.toFile(RDB, file);
  context.progress.step('check');
  const damage = await rdbDamage(file, context);
  if (damage !== undefined)
    throw new BackupError(`redis: the RDB of ${backup.id} is damaged: ${damage}`, { kind: 'damaged' });
  context.progress.step('load into sandbox');
  const { processes, signal } = context;
  const host = target === 'live' ? { host: await sandboxHost(settings, signal) } : {};
  const registry = sandboxRegistry(settings, context);
  const sandbox = stack.use(await startRedisSandbox({ directory, rdb: file, registry, processes, ...host }, signal));
  const owned = stack.move();
  return { ...sandbox, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
