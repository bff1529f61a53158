import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { applicationSource } from '../../../src/sources/application/source.ts';
import type { ApplicationSettings } from '../../../src/sources/application/settings.ts';
import { FileJournal, FileSafetyCopies, reopen, testContext } from '../../support/file-backup.ts';

/**
 * A process of its own that restores and is killed at a crash point: `node restore-until-killed.ts <directory>
 * <backup> <verb> <point> <settings>`. Journal and files stay.
 */
const [directory = '', backupId = '', verb = '', point = '', settings = '{}'] = process.argv.slice(2);
const source = applicationSource(JSON.parse(settings) as ApplicationSettings);
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
const inSwap = verb === 'swap' ? deadly : context;
const staged = await source.stage({ chain: [backup], target: 'live' }, journal, safety, inSwap);
await staged.swap(inSwap);
await staged.rollback(deadly);
process.exit(3); // the point was not reached
