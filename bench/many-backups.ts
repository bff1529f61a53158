import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Manifest } from '../src/model/backup.ts';
import { backupId, type Service, SERVICES } from '../src/model/vocabulary.ts';
import { readHistory, type Reading } from '../src/repository/history.ts';
import { Keyring } from '../src/repository/keyring.ts';
import { noteKnown, versionsOf } from '../src/repository/listing.ts';
import { encodeManifest } from '../src/repository/manifest-codec.ts';
import { manifestKey, prefixOf, proofKey } from '../src/repository/names.ts';
import { encodeProof } from '../src/repository/proof-codec.ts';
import { LocalStore } from '../src/stores/local.ts';

/** Where a machine of its own keeps what it has, as environment variables. */
export interface Places extends Readonly<Record<string, string>> {
  readonly BACKUP_DIR: string;
  readonly SECRETS_DIR: string;
  readonly STATE_DIR: string;
  readonly LOG_DIR: string;
}

export function placesIn(root: string): Places {
  return {
    BACKUP_DIR: path.join(root, 'backups'),
    SECRETS_DIR: path.join(root, 'secrets'),
    STATE_DIR: path.join(root, 'state'),
    LOG_DIR: path.join(root, 'logs'),
  };
}

/**
 * Sealed manifests with proofs, so many in all, hour by hour until now, known to this machine as if it had taken them.
 * Their artifacts have one byte: nothing that only looks asks for more than their names.
 */
export async function fillWithBackups(places: Places, count: number): Promise<void> {
  const store = new LocalStore(places.BACKUP_DIR);
  const keyring = await Keyring.open(places.SECRETS_DIR, () => Promise.resolve(undefined));
  const reading = { store, keyring, stateDirectory: places.STATE_DIR };
  const { signal } = new AbortController();
  for (const service of SERVICES) {
    writeBackups(service, Math.floor(count / SERVICES.length), places.BACKUP_DIR, reading);
    const versions = await versionsOf(service, store, signal); // as a backup notes them when it is committed
    await noteKnown(service, (await readHistory(service, reading, signal)).backups, versions, reading);
  }
}

function writeBackups(service: Service, count: number, directory: string, { keyring }: Reading): void {
  const began = Date.now() - count * 3_600_000;
  let previous: string | null = null;
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const at = new Date(began + sequence * 3_600_000 - 60_000).toISOString();
    const manifest = manifestOf(service, at, sequence, previous);
    const key = randomBytes(32);
    const { bytes, digest } = encodeManifest(manifest, key, keyring);
    previous = digest;
    const outcome = { level: 'content', passed: true, at, seconds: 1, errors: [], warnings: [] } as const;
    const proof = encodeProof({ id: manifest.id, outcomes: [{ ...outcome, level: 'integrity' }, outcome] }, key);
    if (sequence === 1) mkdirSync(path.join(directory, prefixOf(manifest.id)), { recursive: true, mode: 0o700 });
    const artifacts = manifest.artifacts.flatMap(({ name }) => [name, `${name}.tags`]);
    for (const name of artifacts) writeFileSync(path.join(directory, prefixOf(manifest.id), name), '.');
    writeFileSync(path.join(directory, proofKey(manifest.id)), proof);
    writeFileSync(path.join(directory, manifestKey(manifest.id)), bytes);
  }
}

/** A `backup all` each day. */
const HOURS_BETWEEN_POINTS = 24;

function manifestOf(service: Service, at: string, sequence: number, previous: string | null): Manifest {
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
    recoveryPoint: sequence % HOURS_BETWEEN_POINTS === 0 ? { id: `point_${sequence}`, services: SERVICES } : null,
    parent: null,
    suspect: [],
    purpose: 'scheduled',
  };
}
