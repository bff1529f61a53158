import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { BackupError } from '../../base/errors.ts';
import type {
  Context,
  ReadableBackup,
  RestoreJournal,
  StagedHandle,
  StagedRestore,
  StageRequest,
} from '../../model/source.ts';
import { setAttributes } from './attributes.ts';
import { LIST } from './artifacts.ts';
import { extractTrees } from './extract.ts';
import type { ApplicationNote } from './notes.ts';
import { choosePlace, exists, keyOf, type Place, type PlaceKey, placeOf } from './place.ts';
import { isWritable, WRITING_HINT } from './rights.ts';
import { type ApplicationSettings, treesIdentity } from './settings.ts';
import { StagedTrees } from './staged.ts';
import { assertRoom, removeContainer, syncTrees, treeNames } from './trees.ts';

/** Extracts a backup beside the live directories. Nothing live is changed; a failure leaves nothing. */
export async function stageTrees(
  settings: ApplicationSettings,
  { chain, target }: StageRequest,
  journal: RestoreJournal,
  context: Context,
): Promise<StagedRestore> {
  const backup = chain.at(-1);
  if (backup === undefined || chain.length > 1)
    throw new BackupError('application: a restore needs exactly one backup', { kind: 'failed' });
  const stamp = new Date().toISOString().replaceAll(/[-:]|\..*/g, '');
  const places = await choosePlaces(settings, backup, target, stamp, context);
  if (target === 'live') await assertWritable(places);
  const server = target === 'live' ? treesIdentity(settings) : 'sandbox';
  const handle: StagedHandle = {
    version: 1,
    service: 'application',
    server,
    backup: backup.id,
    details: describe(places, stamp),
  };
  await journal.handle(handle);
  await context.reached('restore.journalled');
  const notes: ApplicationNote[] = [];
  const note = async (entry: ApplicationNote): Promise<void> => {
    await journal.note({ ...entry });
    notes.push(entry);
  };
  try {
    for (const warning of await fill(backup, places, context)) await note({ warning });
    await note({ step: 'staged' });
    await context.reached('application.staged');
  } catch (error) {
    const cleaning = { ...context, signal: new AbortController().signal }; // also after a cancellation
    for (const place of places) await removeContainer(place, place.attributes, cleaning);
    throw error;
  }
  await context.reached('restore.staged');
  return new StagedTrees(handle, places, journal, notes as unknown as Readonly<Record<string, string>>[]);
}

/** Returns what could not be put back as it was. */
async function fill(backup: ReadableBackup, places: readonly Place[], context: Context): Promise<readonly string[]> {
  for (const place of places) await makeContainer(place, context);
  await assertRoom(places, backup.facts);
  await context.reached('application.extracting');
  for await (const _chunk of backup.chunks(LIST)); // not needed here, but a damaged backup restores nothing
  const warnings = await extractTrees(backup, places, context);
  await syncTrees(places, context);
  return warnings;
}

/** Before anything is noted or made; what is not there yet is made later, or fails there. */
async function assertWritable(places: readonly Place[]): Promise<void> {
  for (const { container, live } of places) {
    const directory = path.dirname(container);
    if (!(await exists(directory)) || (await isWritable(directory))) continue;
    throw new BackupError(`application: ${live} cannot be written`, { kind: 'denied', hint: WRITING_HINT });
  }
}

async function makeContainer({ container, exchange, live, attributes }: Place, context: Context): Promise<void> {
  await mkdir(path.dirname(container), { recursive: true });
  await mkdir(container, { mode: 0o700 });
  if (exchange === 'inside') await setAttributes(live, attributes, context);
}

async function choosePlaces(
  settings: ApplicationSettings,
  backup: ReadableBackup,
  target: StageRequest['target'],
  stamp: string,
  { workDir }: Context,
): Promise<Place[]> {
  const names = treeNames(backup.facts);
  const unknown = names.filter((name) => !settings.paths.some((tree) => tree.name === name));
  if (target === 'live' && unknown.length > 0) {
    throw new BackupError(
      `application: the backup holds ${unknown.join(', ')}, which APPLICATION_PATHS does not name`,
      {
        kind: 'usage',
        hint: `add ${unknown.map((name) => `${name}=/its/directory`).join(',')} to APPLICATION_PATHS`,
      },
    );
  }
  if (target === 'sandbox') return names.map((name) => placeOf(sandboxKey(name, workDir), stamp));
  return await Promise.all(
    settings.paths.filter(({ name }) => names.includes(name)).map((tree) => choosePlace(tree, stamp)),
  );
}

function sandboxKey(name: string, workDir: string): PlaceKey {
  return { name, exchange: 'beside', live: path.join(workDir, name), wasAbsent: true, attributes: '' };
}

/** Enough to find all places again in another process. */
function describe(places: readonly Place[], stamp: string): Record<string, string> {
  return { stamp, trees: JSON.stringify(places.map(keyOf)) };
}

export function placesOf({ details }: StagedHandle): Place[] {
  const keys = JSON.parse(details['trees'] ?? '[]') as PlaceKey[];
  return keys.map((key) => placeOf(key, details['stamp'] ?? ''));
}
