import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import type { RedisSettings } from '../../../src/sources/redis/settings.ts';
import { redisSource } from '../../../src/sources/redis/source.ts';
import { FileJournal, FileSafetyCopies, reopen, testContext } from '../../support/file-backup.ts';

/**
 * A process of its own that restores and is killed at a crash point: `node restore-until-killed.ts <directory>
 * <backup> <verb> <point>`, settings in the environment. Journal and safety copies stay in the directory.
 */
const [directory = '', backupId = '', verb = '', point = ''] = process.argv.slice(2);
const settings = JSON.parse(process.env['REDIS_SETTINGS'] ?? '{}') as RedisSettings;
const source = redisSource(settings);
const backup = await reopen(path.join(directory, backupId));
const safety = new FileSafetyCopies(source, directory, [backup]);
const journal = new FileJournal(path.join(directory, 'journal.jsonl'));
const context = await testContext({ workDir: await mkdtemp(path.join(directory, 'killed-')) });
const deadly = {
  ...context,
  async reached(reached: string): Promise<void> {
    if (reached !== point) return;
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => undefined);
  },
};
const staged = await source.stage({ chain: [backup], target: 'live' }, journal, safety, context);
await staged.swap(verb === 'swap' ? deadly : context);
if (verb === 'rollback') await staged.rollback(deadly);
process.exit(3); // the point was not reached
