import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exact } from '../../../src/model/facts.ts';
import { Processes } from '../../../src/base/processes.ts';
import { type FileBackup, fileBackup, testContext } from '../../support/file-backup.ts';
import { DATABASE } from './nasty.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let place: Workplace;
let backup: FileBackup;

beforeAll(async () => {
  place = await openWorkplace();
  await place.nasty.sql(
    DATABASE,
    'SET search_path = public; CREATE TABLE padding AS SELECT n, md5(n::text) FROM generate_series(1, 60000) n',
  );
  backup = await place.capture();
});

afterAll(() => place?.[Symbol.asyncDispose]());

test('a good backup passes', async () => {
  expect(await place.source.checkContent(backup, place.context)).toEqual({ errors: [], warnings: [] });
});

test.each([
  ['cut in its last tenth', 'dump', (bytes: Buffer) => bytes.subarray(0, bytes.length * 0.95), 'dump: '],
  ['cut in its contents', 'dump', (bytes: Buffer) => bytes.subarray(0, 3000), 'contents: '],
  ['of no bytes', 'dump', () => Buffer.alloc(0), 'dump: '],
  ['that is none', 'dump', (bytes: Buffer) => Buffer.concat([Buffer.from('x'), bytes]), 'dump: '],
  ['cut', 'globals.sql', (bytes: Buffer) => bytes.subarray(0, bytes.length - 40), 'globals'],
  [
    'without a role',
    'globals.sql',
    (bytes: Buffer) => Buffer.from(bytes.toString().replaceAll(/^CREATE ROLE "physics.*$/gm, '')),
    'physics "user"',
  ],
  ['cut', 'properties.json', (bytes: Buffer) => bytes.subarray(0, 100), 'properties'],
  [
    'with a number for a name',
    'properties.json',
    (bytes: Buffer) => Buffer.from(bytes.toString().replace(/"owner": "[^,]*,/, '"owner": 1,')),
    'properties',
  ],
])('damage is found: %s, %s', async (_how, artifact, damage, named) => {
  const { errors } = await place.source.checkContent(await damaged(artifact, damage), place.context);
  expect(errors.join('\n')).toContain(named);
});

test.each([
  ['rows public.students', 'TABLE DATA'],
  ['sequence public.counter', 'SEQUENCE SET'],
])('a dump without what was counted is found: %s', async (name, entry) => {
  const facts = { ...backup.facts, [`${name}_2`]: exact(1) };
  const { errors } = await place.source.checkContent({ ...backup, facts }, place.context);
  expect(errors).toEqual([expect.stringContaining(entry)]);
});

test('large objects that were counted and are not there are found', async () => {
  const facts = { ...backup.facts, 'objects large objects': exact(3) };
  const { errors } = await place.source.checkContent({ ...backup, facts }, place.context);
  expect(errors).toEqual([expect.stringContaining('BLOB')]);
});

test('a missing program says nothing about the backup', async () => {
  await using context = await testContext({ processes: new Processes({ PATH: place.directory }) });
  await expect(place.source.checkContent(backup, context)).rejects.toMatchObject({ kind: 'missing-tool' });
});

let copies = 0;

async function damaged(artifact: string, damage: (bytes: Buffer) => Buffer): Promise<FileBackup> {
  copies += 1;
  const directory = `${backup.directory}-${copies}`;
  await cp(backup.directory, directory, { recursive: true });
  const file = path.join(directory, artifact);
  await writeFile(file, damage(await readFile(file)));
  return fileBackup({ ...backup, directory });
}
