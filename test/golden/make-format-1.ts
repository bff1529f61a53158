import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Keyring } from '../../src/repository/keyring.ts';
import { BODY, chunksOf, never, PLAIN, quiet, repositoryIn, ZSTD } from '../support/repository.ts';

/**
 * How `format-1/` was made, once. It is never made again: it stands for the backups that people have. A change that
 * cannot read it is a change of format, and gets a directory of its own.
 */
const directory = path.join(import.meta.dirname, 'format-1');
const KEYRING = {
  format: 1,
  current: 'e6b037702185ec10',
  keys: [
    { id: 'e6b037702185ec10', key: '000102030405060708090a0b0c0d0e0f'.repeat(2), created: '2026-08-16T00:00:00.000Z' },
  ],
};

await rm(directory, { recursive: true, force: true });
await mkdir(directory);
await writeFile(path.join(directory, 'backup-keyring.json'), `${JSON.stringify(KEYRING, null, 2)}\n`);
const keyring = await Keyring.open(directory, () => Promise.resolve(undefined));

const seals = [ZSTD, { ...ZSTD, compression: 'gzip' }, { ...PLAIN, encryption: true }, PLAIN, ZSTD] as const;
for (const [index, seal] of seals.entries()) {
  const clock = { now: () => `2026-08-16T02:00:0${index}.000Z` };
  const repository = await repositoryIn(directory, { keyring, seal, clock });
  await using lock = await repository.lock('postgres', never);
  await using draft = await repository.draft('postgres', 'daily', lock, quiet);
  await draft.fromChunks({ extension: 'dump' }, chunksOf(Buffer.from(`dump ${index} `.repeat(3000))));
  await draft.fromChunks({ role: 'globals', extension: 'sql' }, chunksOf(Buffer.from('CREATE ROLE "Prüfer";\n')));
  await draft.fromChunks({ role: 'empty', extension: 'json' }, chunksOf(Buffer.alloc(0)));
  const stored = await draft.commit({ ...BODY, warnings: ['a warning with "quotes", {braces} and ü'] });
  const outcome = { level: 'content', passed: true, at: clock.now(), seconds: 1, errors: [], warnings: [] } as const;
  await repository.recordOutcome(stored, outcome, never);
  if (index === 4) await repository.remove(stored, 'shows what a removal looks like', lock, never);
}
