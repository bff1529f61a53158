import { z } from 'zod';
import type { Manifest } from '../model/backup.ts';
import type { Facts } from '../model/facts.ts';
import { BACKUP_TYPES, type BackupId, isBackupId, SERVICES } from '../model/vocabulary.ts';

const id = z.custom<BackupId>((value) => typeof value === 'string' && isBackupId(value));
const count = z.int().nonnegative();
const texts = z.array(z.string());

const artifact = z.strictObject({
  role: z.string().exactOptional(),
  extension: z.string(),
  name: z.string().regex(/^[^/]+$/),
  stages: z.array(z.enum(['zst', 'gz', 'enc'])),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  plainBytes: count,
  storedBytes: count,
  storedSha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Line B of a manifest, looked at only after its MAC matched. */
export const manifestSchema: z.ZodType<Manifest> = z.strictObject({
  id,
  service: z.enum(SERVICES),
  type: z.enum(BACKUP_TYPES),
  sequence: z.int().positive(),
  previous: z.string().nullable(),
  startedAt: z.string(),
  moment: z.string(),
  committedAt: z.string(),
  consistency: z.enum(['consistent', 'fuzzy']),
  versions: z.record(z.string(), z.string()),
  artifacts: z.array(artifact),
  facts: z.custom<Facts>(isFacts),
  warnings: texts,
  recoveryPoint: z.strictObject({ id: z.string(), services: z.array(z.enum(SERVICES)) }).nullable(),
  parent: id.nullable(),
  suspect: texts,
  purpose: z.enum(['scheduled', 'safety']),
});

/** By hand: with a fact per table of thousands of backups this is where the time goes. */
function isFacts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isFact);
}

function isFact(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const { value, certainty, ...more } = given as { value?: unknown; certainty?: unknown };
  const isValue = typeof value === 'number' || typeof value === 'string';
  return isValue && (certainty === 'exact' || certainty === 'expiring') && Object.keys(more).length === 0;
}
