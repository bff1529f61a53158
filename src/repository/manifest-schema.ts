import * as v from 'valibot';
import type { Manifest } from '../model/backup.ts';
import type { Facts } from '../model/facts.ts';
import { BACKUP_TYPES, type BackupId, isBackupId, SERVICES } from '../model/vocabulary.ts';

const id = v.custom<BackupId>((value) => typeof value === 'string' && isBackupId(value));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const texts = v.array(v.string());

const artifact = v.strictObject({
  role: v.exactOptional(v.string()),
  extension: v.string(),
  name: v.pipe(v.string(), v.regex(/^[^/]+$/)),
  stages: v.array(v.picklist(['zst', 'gz', 'enc'])),
  nonce: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  plainBytes: count,
  storedBytes: count,
  storedSha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

/** Line B of a manifest, looked at only after its MAC matched. */
const manifestSchema: v.GenericSchema<unknown, Manifest> = v.strictObject({
  id,
  service: v.picklist(SERVICES),
  type: v.picklist(BACKUP_TYPES),
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  previous: v.nullable(v.string()),
  startedAt: v.string(),
  moment: v.string(),
  committedAt: v.string(),
  consistency: v.picklist(['consistent', 'fuzzy']),
  versions: v.record(v.string(), v.string()),
  artifacts: v.array(artifact),
  facts: v.custom<Facts>(isFacts),
  warnings: texts,
  recoveryPoint: v.nullable(v.strictObject({ id: v.string(), services: v.array(v.picklist(SERVICES)) })),
  parent: v.nullable(id),
  suspect: texts,
  purpose: v.picklist(['scheduled', 'safety']),
});

/** What is wrong with its shape, if anything; `newer`: it has fields that this version does not know. */
export function objectionTo(manifest: unknown): { readonly newer: boolean; readonly message: string } | undefined {
  const { issues } = v.safeParse(manifestSchema, manifest);
  if (issues === undefined) return undefined;
  const newer = issues.some((issue) => issue.type === 'strict_object' && issue.expected === 'never');
  return { newer, message: issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`).join('; ') };
}

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
