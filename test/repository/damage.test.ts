import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestKey } from '../../src/repository/names.ts';
import { Keyring } from '../../src/repository/keyring.ts';
import type { Repository } from '../../src/repository/repository.ts';
import type { StoredBackup } from '../../src/repository/stored-backup.ts';
import { LocalStore } from '../../src/stores/local.ts';
import { CorruptingStore } from '../support/faulty-store.ts';
import { backUp, compressible, failure, never, plaintext, quiet, repositoryIn } from '../support/repository.ts';

const DATA = compressible(100_000);
let directory: string;
let repository: Repository;
let backup: StoredBackup;
let other: StoredBackup;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-damage-'));
  repository = await repositoryIn(directory);
  backup = await backUp(repository, DATA);
  other = await backUp(repository, DATA);
});
afterAll(() => rm(directory, { recursive: true }));

const artifact = (of: StoredBackup, index: number) => of.manifest.artifacts[index]?.name ?? '';
const at = (name: string) => path.join(directory, 'postgres/daily', name);
const manifestFile = (of: StoredBackup) => path.join(directory, manifestKey(of.manifest.id));

/** Does something to files, looks, and puts the files back. */
async function whileChanged(files: readonly string[], change: () => Promise<void>, look: () => Promise<void>) {
  const kept = await Promise.all(files.map((file) => readFile(file)));
  try {
    await change();
    await look();
  } finally {
    await Promise.all(files.map((file, index) => writeFile(file, kept[index] ?? '')));
  }
}

async function expectDamaged(of: StoredBackup, name: string): Promise<void> {
  const errors = await repository.checkIntegrity(of, quiet);
  expect(errors.join('\n')).toContain(name);
}

test('healthy backups pass, and nothing is reported of them', async () => {
  expect(await repository.checkIntegrity(backup, quiet)).toEqual([]);
  expect(await repository.history('postgres', never)).toMatchObject({ damaged: [], gaps: [] });
  expect((await plaintext(repository.open(backup, quiet))).equals(DATA)).toBe(true);
});

describe('artifacts', () => {
  test('two of one backup exchanged are both found', async () => {
    const [dump, globals] = [at(artifact(backup, 0)), at(artifact(backup, 1))];
    const exchange = async () => {
      await rename(dump, `${dump}.x`);
      await rename(globals, dump);
      await rename(`${dump}.x`, globals);
    };
    await whileChanged([dump, globals], exchange, async () => {
      await expectDamaged(backup, artifact(backup, 0));
      await expectDamaged(backup, artifact(backup, 1));
    });
  });

  test('one of another backup, with its tags, is found', async () => {
    const [mine, theirs] = [at(artifact(backup, 0)), at(artifact(other, 0))];
    const exchange = async () => {
      await copyFile(theirs, mine);
      await copyFile(`${theirs}.tags`, `${mine}.tags`);
    };
    await whileChanged([mine, `${mine}.tags`], exchange, () => expectDamaged(backup, artifact(backup, 0)));
  });

  test.each(['', '.tags'])('a missing file (%s) is damage, and opening it fails as such', async (suffix) => {
    const file = `${at(artifact(backup, 0))}${suffix}`;
    await whileChanged(
      [file],
      () => rm(file),
      async () => {
        await expectDamaged(backup, artifact(backup, 0));
        expect((await failure(plaintext(repository.open(backup, quiet)))).kind).toBe('damaged');
      },
    );
  });
});

describe('manifests', () => {
  test('a flipped bit anywhere is found, and the other backup is still there', async () => {
    const key = manifestKey(backup.manifest.id);
    const bytes = await readFile(manifestFile(backup));
    const keyring = await Keyring.open(path.join(directory, 'secrets'), () => Promise.resolve(undefined));
    const property = fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 7 }), async (offset, bit) => {
      const flip = (whole: Buffer): Buffer => {
        const copy = Buffer.from(whole);
        copy.writeUInt8(copy.readUInt8(offset) ^ (1 << bit), offset);
        return copy;
      };
      const store = new CorruptingStore(new LocalStore(directory), key, flip);
      const { backups, damaged, gaps } = await (
        await repositoryIn(directory, { store, keyring })
      ).history('postgres', never);
      expect(backups.map((each) => each.manifest.id)).toEqual([other.manifest.id]);
      expect(damaged.map((each) => each.path)).toEqual([key]);
      expect(['damaged', 'keys', 'newer-format']).toContain(damaged[0]?.error.kind);
      expect(gaps).toHaveLength(1);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test.each([
    [
      'a body of other content',
      (text: string) => text.replace('"purpose":"scheduled"', '"purpose":"safety"'),
      'damaged',
    ],
    ['encryption taken out', (text: string) => text.replaceAll('"zst","enc"', '"zst"'), 'damaged'],
    ['a line more', (text: string) => `${text}\n`, 'damaged'],
    ['one line', (text: string) => text.replace('\n', ''), 'damaged'],
    ['nothing', () => '', 'damaged'],
    ['noise', () => randomBytes(2000).toString('latin1'), 'damaged'],
    ['a newer format', (text: string) => text.replace('"format":1', '"format":2'), 'newer-format'],
    ['a field we do not know', (text: string) => text.replace('"format":1', '"format":1,"more":"x"'), 'newer-format'],
    ['a key we do not have', (text: string) => text.replace(/"keyId":"./, '"keyId":"!'), 'damaged'],
    ['another key', (text: string) => text.replace(/"keyId":"[0-9a-f]{4}/, '"keyId":"0000'), 'keys'],
  ])('%s is refused', async (_what, change, kind) => {
    const file = manifestFile(backup);
    const forged = change(await readFile(file, 'utf8'));
    await whileChanged(
      [file],
      () => writeFile(file, forged),
      async () => {
        expect((await failure(repository.find(backup.manifest.id, never))).kind).toBe(kind);
        expect((await failure(plaintext(repository.open(backup, quiet)))).kind).toBe(kind);
      },
    );
  });

  test('the manifest of another backup under this name is refused', async () => {
    const file = manifestFile(backup);
    await whileChanged(
      [file],
      () => copyFile(manifestFile(other), file),
      async () => {
        expect((await failure(repository.find(backup.manifest.id, never))).kind).toBe('damaged');
      },
    );
  });

  test('a manifest with a good MAC of its own key, but not of the keyring, is refused', async () => {
    const elsewhere = await mkdtemp(path.join(os.tmpdir(), 'pbs-forger-'));
    try {
      const clock = { now: () => backup.manifest.startedAt };
      const forged = await backUp(await repositoryIn(elsewhere, { clock }), DATA);
      expect(forged.manifest.id).toBe(backup.manifest.id);
      const file = manifestFile(backup);
      await whileChanged(
        [file],
        () => copyFile(path.join(elsewhere, manifestKey(forged.manifest.id)), file),
        async () => {
          expect((await failure(repository.find(backup.manifest.id, never))).kind).toBe('keys');
        },
      );
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  test('a manifest that is exchanged between choosing and opening is refused', async () => {
    const chosen = { ...backup, digest: other.digest };
    expect((await failure(plaintext(repository.open(chosen, quiet)))).message).toContain('exchanged');
  });
});

describe('the chain', () => {
  test('the newest backup taken away is missed', async () => {
    const file = manifestFile(other);
    await whileChanged(
      [file],
      () => rm(file),
      async () => {
        const { gaps } = await repository.history('postgres', never);
        expect(gaps).toEqual(['backup 2 is missing: neither there nor in the list of removals']);
      },
    );
  });

  test('a damaged mark and a damaged list of removals are reported', async () => {
    const mark = path.join(directory, '.postgres.high-water.json');
    const removals = path.join(directory, 'postgres/removals.json');
    await writeFile(removals, '{"removals":{"removed":[]},\n"envelope":{"format":1}}\n');
    await whileChanged(
      [mark],
      () => writeFile(mark, 'x'),
      async () => {
        const { damaged, backups } = await repository.history('postgres', never);
        expect(damaged.map((each) => each.error.kind)).toEqual(['damaged', 'damaged']);
        expect(backups).toHaveLength(2);
      },
    );
    await rm(removals);
  });
});

test('a damaged proof is reported and proves nothing', async () => {
  const outcome = { level: 'content', passed: true, at: '', seconds: 1, errors: [], warnings: [] } as const;
  await repository.recordOutcome(backup, outcome, never);
  expect((await repository.find(backup.manifest.id, never)).proof?.outcomes).toEqual([outcome]);
  const file = at(`${backup.manifest.id}.proof.json`);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"passed":true', '"passed":false'));
  const { backups, damaged } = await repository.history('postgres', never);
  expect(damaged.map((each) => [each.path, each.error.kind])).toEqual([
    [`postgres/daily/${backup.manifest.id}.proof.json`, 'damaged'],
  ]);
  expect(damaged[0]?.error.hint).toContain(`physics-backup validate ${backup.manifest.id}`);
  expect(backups[0]?.proof).toBeUndefined();
  await rm(file);
});
