import { mkdir, open, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { BackupError, systemCode } from '../../base/errors.ts';
import type { Context } from '../../model/source.ts';
import { attributesOf, setAttributes } from './attributes.ts';
import type { ApplicationNote, Phase, Progress } from './notes.ts';
import { exists, type Place } from './place.ts';
import { CONTAINER_PREFIX } from './walk.ts';

/** What an exchange works with. */
export interface Exchanging {
  readonly context: Context;
  readonly progress: () => Progress;
  readonly note: (note: ApplicationNote) => Promise<void>;
}

/** Whether the restored tree is live, not live, or neither. */
export type Where = 'staged' | 'between' | 'live';

/** Told by what exists on the disk; where contents are exchanged, by the last intent and what is left to move. */
export async function whereIs(place: Place, { phases }: Progress): Promise<Where> {
  const phase = phases[place.name];
  if (phase === undefined) return 'staged'; // every intent is noted before it is done
  return place.exchange === 'beside' ? await whereIsDirectory(place) : await whereAreContents(place, phase);
}

async function whereIsDirectory({ live, staged, replaced, wasAbsent }: Place): Promise<Where> {
  if (!(await exists(staged))) return (await exists(live)) ? 'live' : 'between';
  if (await exists(replaced)) return 'between';
  return wasAbsent || (await exists(live)) ? 'staged' : 'between';
}

async function whereAreContents({ staged, replaced }: Place, phase: Phase): Promise<Where> {
  if (phase === 'in') return (await namesIn(staged)).length === 0 ? 'live' : 'between';
  if (phase === 'back') return (await namesIn(replaced)).length === 0 ? 'staged' : 'between';
  return 'between';
}

/** The restored tree becomes live; goes on from wherever an earlier attempt was ended. */
export async function exchange(place: Place, work: Exchanging): Promise<void> {
  if (place.exchange === 'inside') await contentsIn(place, work);
  else if ((await whereIs(place, work.progress())) !== 'live') await directoryIn(place, work);
}

/** What was live is live again; from wherever an exchange was ended. */
export async function takeBack(place: Place, work: Exchanging): Promise<void> {
  if (work.progress().phases[place.name] === undefined) return;
  if (place.exchange === 'inside') await contentsBack(place, work);
  else if ((await whereIs(place, work.progress())) !== 'staged') await directoryBack(place, work);
}

async function directoryIn(place: Place, { context, note }: Exchanging): Promise<void> {
  const { live, staged, replaced, name } = place;
  if (await exists(live)) {
    if (await exists(replaced)) throw recreated(place);
    await note({ step: 'away', tree: name });
    await move(live, replaced);
    await context.reached('application.moved-away');
  }
  await note({ step: 'in', tree: name });
  await move(staged, live);
  await context.reached('application.moved-in');
}

async function directoryBack(place: Place, { context, note }: Exchanging): Promise<void> {
  const { live, staged, replaced, name } = place;
  if ((await exists(live)) && !(await exists(staged))) {
    await note({ step: 'out', tree: name });
    await move(live, staged);
    await context.reached('application.moved-out');
  }
  if (!(await exists(replaced))) return;
  if (await exists(live)) throw recreated(place);
  await note({ step: 'back', tree: name });
  await move(replaced, live);
  await context.reached('application.moved-back');
}

async function contentsIn(place: Place, work: Exchanging): Promise<void> {
  const { live, staged, replaced, name } = place;
  const phase = work.progress().phases[name];
  if (phase !== 'in') {
    const attributes = phase === undefined ? { attributes: await attributesOf(staged) } : {};
    await work.note({ step: 'away', tree: name, ...attributes });
    await mkdir(replaced, { recursive: true, mode: 0o700 });
    await moveContents(live, replaced);
    await work.context.reached('application.moved-away');
    await work.note({ step: 'in', tree: name });
  }
  await moveContents(staged, live);
  await setAttributes(live, stagedAttributes(place, work.progress()), work.context);
  await work.context.reached('application.moved-in');
}

async function contentsBack(place: Place, work: Exchanging): Promise<void> {
  const { live, staged, replaced, name } = place;
  const phase = work.progress().phases[name];
  if (phase === 'in' || phase === 'out') {
    await work.note({ step: 'out', tree: name });
    await moveContents(live, staged);
    await setAttributes(staged, stagedAttributes(place, work.progress()), work.context);
    await work.context.reached('application.moved-out');
  }
  await work.note({ step: 'back', tree: name });
  await moveContents(replaced, live);
  await setAttributes(live, place.attributes, work.context);
  await work.context.reached('application.moved-back');
}

/** Those of the restored root directory, from before its contents were moved. */
export function stagedAttributes({ name }: Place, { attributes }: Progress): string {
  const noted = attributes[name];
  if (noted !== undefined) return noted;
  throw new BackupError(`application: the journal lacks the attributes of ${name}`, { kind: 'failed' });
}

/** Moves what a directory holds, name by name; a name that was moved already is simply not there any more. */
async function moveContents(from: string, to: string): Promise<void> {
  for (const name of await namesIn(from)) await rename(inside(from, name), inside(to, name));
  await Promise.all([syncDirectory(from), syncDirectory(to)]);
}

/** Our own containers excepted. */
async function namesIn(directory: string): Promise<Buffer[]> {
  const names = await readdir(directory, { encoding: 'buffer' }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => !name.toString('latin1').startsWith(CONTAINER_PREFIX));
}

function inside(directory: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), name]);
}

async function move(from: string, to: string): Promise<void> {
  await rename(from, to);
  await Promise.all([...new Set([path.dirname(from), path.dirname(to)])].map(syncDirectory));
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}

function recreated({ live, replaced }: Place): BackupError {
  return new BackupError(`${live} was made anew by something else while it was being exchanged`, {
    kind: 'failed',
    hint: `stop what writes there, move ${live} away (what was there before is ${replaced}), and go on with recover resume or rollback`,
  });
}
