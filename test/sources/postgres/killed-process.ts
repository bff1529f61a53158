import { appendFileSync, readFileSync } from 'node:fs';
import type { RestoreJournal, StagedHandle } from '../../../src/model/source.ts';
import type { PostgresSettings } from '../../../src/sources/postgres/settings.ts';
import { postgresSource } from '../../../src/sources/postgres/source.ts';
import { type FileBackup, fileBackup, FileSafetyCopies, testContext } from '../../support/file-backup.ts';

/** What the process is told, in a file. */
export interface Errand {
  readonly settings: PostgresSettings;
  readonly backup: FileBackup;
  readonly journalFile: string;
  readonly verbs: readonly ('swap' | 'rollback' | 'finish' | 'discard')[];
  /** A crash point; empty for none. */
  readonly killAt: string;
}

/** A restore in a process of its own, which kills itself (SIGKILL) at a crash point. */
const errand = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Errand;

const write = (line: { handle: StagedHandle } | { note: unknown }): Promise<void> =>
  Promise.resolve(appendFileSync(errand.journalFile, `${JSON.stringify(line)}\n`, { flush: true }));
const journal: RestoreJournal = { handle: (handle) => write({ handle }), note: (note) => write({ note }) };

const reached = async (point: string): Promise<void> => {
  if (point !== errand.killAt) return;
  process.kill(process.pid, 'SIGKILL');
  await Promise.withResolvers<never>().promise;
};

await using context = await testContext({ reached });
const source = postgresSource(errand.settings);
const backup = fileBackup(errand.backup);
const safety = new FileSafetyCopies(source, context.workDir);
await using staged = await source.stage({ chain: [backup], target: 'live' }, journal, safety, context);
for (const verb of errand.verbs) await staged[verb](context);
if (errand.killAt !== '') throw new Error(`${errand.killAt} was not reached`);
