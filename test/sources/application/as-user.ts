import { applicationSource } from '../../../src/sources/application/source.ts';
import type { ApplicationSettings } from '../../../src/sources/application/settings.ts';
import { captureToFiles, FileSafetyCopies, MemoryJournal, reopen, testContext } from '../../support/file-backup.ts';

/** A process that another user runs: `node as-user.ts capture|restore <directory or backup> <settings>`; prints JSON. */
const [verb = '', directory = '', settings = '{}'] = process.argv.slice(2);
const source = applicationSource(JSON.parse(settings) as ApplicationSettings);
const context = await testContext({ workDir: directory });

async function restore(): Promise<unknown> {
  const backup = await reopen(directory);
  const safety = new FileSafetyCopies(source, directory, [backup]);
  const staged = await source.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  await staged.swap(context);
  return { state: await staged.state(context), warnings: staged.warnings };
}

async function capture(): Promise<unknown> {
  const { findings } = await source.inspect(context);
  const backup = await captureToFiles(source, directory, context);
  const { errors } = await source.checkContent(backup, context);
  return { directory: backup.directory, ...backup.capture, findings, errors };
}

try {
  console.log(JSON.stringify(await (verb === 'capture' ? capture() : restore())));
} catch (error) {
  const { message, kind, hint } = error as { message: string; kind?: string; hint?: string };
  console.log(JSON.stringify({ message, kind, hint }));
}
