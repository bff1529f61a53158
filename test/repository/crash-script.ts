import type { CrashPoint } from '../../src/base/crash-points.ts';
import { backUp, compressible, never, repositoryIn } from '../support/repository.ts';

/**
 * In `<directory>`: backs up, records an outcome, and removes the oldest of several backups; is killed when it reaches
 * `<point>` for the `<count>`th time. Prints `ended` when it never does.
 */
const [directory = '', point = '', count = '1'] = process.argv.slice(2);
let left = Number(count);
const reached = (at: CrashPoint): Promise<void> => {
  if (at === point && (left -= 1) === 0) process.kill(process.pid, 'SIGKILL');
  return Promise.resolve();
};

const repository = await repositoryIn(directory, { reached });
const stored = await backUp(repository, compressible(50_000));
const outcome = {
  level: 'content',
  passed: true,
  at: '2026-08-16T02:00:00.000Z',
  seconds: 1,
  errors: [],
  warnings: [],
};
await repository.recordOutcome(stored, { ...outcome, level: 'content' }, never);
const { backups } = await repository.history('postgres', never);
if (backups.length > 2 && backups[0] !== undefined) {
  await using lock = await repository.lock('postgres', never);
  await repository.remove(backups[0], 'older than 7 days', lock, never);
}
process.stdout.write('ended');
