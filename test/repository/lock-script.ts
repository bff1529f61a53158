import { repositoryIn } from '../support/repository.ts';
import { never } from '../support/repository.ts';

/** Takes the lock of postgres in `<directory>`, says so, and holds it until it is ended; or says that it is busy. */
const repository = await repositoryIn(process.argv[2] ?? '');
try {
  await repository.lock('postgres', never);
  process.stdout.write('locked\n');
  setInterval(() => undefined, 1000);
} catch (error) {
  process.stdout.write(`${String((error as { kind?: string }).kind)}\n`);
}
