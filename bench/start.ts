import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Manifest } from '../src/model/backup.ts';
import { backupId, SERVICES } from '../src/model/vocabulary.ts';
import { Keyring } from '../src/repository/keyring.ts';
import { readHistory } from '../src/repository/history.ts';
import { noteKnown, versionsOf } from '../src/repository/listing.ts';
import { encodeManifest } from '../src/repository/manifest-codec.ts';
import { manifestKey, proofKey } from '../src/repository/names.ts';
import { encodeProof } from '../src/repository/proof-codec.ts';
import { LocalStore } from '../src/stores/local.ts';
import { measure, type Spread, spread } from './measure.ts';

export interface StartReport {
  readonly help: Spread;
  readonly list: Spread;
  /** On a machine that has never looked at them. */
  readonly firstList: Spread;
  readonly backups: number;
}

const BACKUPS = 10_000;
const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'physics-backup');

/** How long the program takes before it does anything, and to look at very many backups. */
export async function measureStart(runs: number): Promise<StartReport> {
  process.stderr.write(`start: writing ${BACKUPS} backups\n`);
  const root = await mkdtemp(path.join(tmpdir(), 'bench-start-'));
  try {
    const environment = {
      BACKUP_DIR: path.join(root, 'backups'),
      SECRETS_DIR: path.join(root, 'secrets'),
      STATE_DIR: path.join(root, 'state'),
      LOG_DIR: path.join(root, 'logs'),
    };
    await fill(environment);
    const firstList = await times(runs, ['list'], { ...environment, STATE_DIR: path.join(root, 'another-state') });
    return {
      help: await times(runs, ['--help'], environment),
      list: await times(runs, ['list'], environment),
      firstList,
      backups: BACKUPS,
    };
  } finally {
    await rm(root, { recursive: true });
  }
}

async function times(
  runs: number,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Spread> {
  const seconds: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const measured = await measure([PROGRAM, ...args], environment);
    if (run > 0) seconds.push(measured.seconds); // the first fills the caches
  }
  return spread(seconds);
}

/** Sealed manifests with proofs, hour by hour; their artifacts are not there, and listing does not ask for them. */
async function fill(places: {
  readonly BACKUP_DIR: string;
  readonly SECRETS_DIR: string;
  readonly STATE_DIR: string;
}): Promise<void> {
  const directory = places.BACKUP_DIR;
  const keyring = await Keyring.open(places.SECRETS_DIR, () => Promise.resolve(undefined));
  const reading = { store: new LocalStore(directory), keyring, stateDirectory: places.STATE_DIR };
  for (const service of SERVICES) {
    let previous: string | null = null;
    await mkdir(path.join(directory, service, 'hourly'), { recursive: true });
    for (let sequence = 1; sequence <= BACKUPS / SERVICES.length; sequence += 1) {
      const at = new Date(Date.UTC(2026, 0, 1) + sequence * 3_600_000).toISOString();
      const manifest = manifestOf(service, at, sequence, previous);
      const key = randomBytes(32);
      const { bytes, digest } = encodeManifest(manifest, key, keyring);
      previous = digest;
      const outcome = { level: 'content', passed: true, at, seconds: 1, errors: [], warnings: [] } as const;
      await writeFile(path.join(directory, manifestKey(manifest.id)), bytes);
      await writeFile(
        path.join(directory, proofKey(manifest.id)),
        encodeProof({ id: manifest.id, outcomes: [outcome] }, key),
      );
    }
    const { signal } = new AbortController();
    const versions = await versionsOf(service, reading.store, signal); // as a backup notes them when it is committed
    await noteKnown(service, (await readHistory(service, reading, signal)).backups, versions, reading);
  }
}

function manifestOf(service: Manifest['service'], at: string, sequence: number, previous: string | null): Manifest {
  const id = backupId(service, 'hourly', at);
  const name = `${id}.dump.zst.enc`;
  const artifact = { extension: 'dump', name, stages: ['zst', 'enc'], nonce: '00'.repeat(16) } as const;
  const facts = Array.from({ length: 30 }, (_, table) => [
    `rows public.table_${table}`,
    { value: table, certainty: 'exact' },
  ]);
  return {
    id,
    service,
    type: 'hourly',
    sequence,
    previous,
    startedAt: at,
    moment: at,
    committedAt: at,
    consistency: 'consistent',
    versions: { server: '15.18' },
    artifacts: [{ ...artifact, plainBytes: 1, storedBytes: 1, storedSha256: '00'.repeat(32) }],
    facts: Object.fromEntries(facts) as Manifest['facts'],
    warnings: [],
    recoveryPoint: null,
    parent: null,
    suspect: [],
    purpose: 'scheduled',
  };
}
