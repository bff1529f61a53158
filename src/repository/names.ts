import { type ArtifactKind, artifactKindName, type Stage } from '../model/backup.ts';
import { type BackupId, isBackupId, type Service } from '../model/vocabulary.ts';

/** Where everything of one service lies in a store; the layout of docs/format.md. */
export const MANIFEST_SUFFIX = '.metadata.json';
export const PROOF_SUFFIX = '.proof.json';
export const TAGS_SUFFIX = '.tags';
const ORPHANS = '.orphans';

/** The directory of a backup, as a key prefix. */
export function prefixOf(id: BackupId): string {
  const [service = '', type = ''] = id.split('_', 2);
  return `${service}/${type}/`;
}

export function manifestKey(id: BackupId): string {
  return `${prefixOf(id)}${id}${MANIFEST_SUFFIX}`;
}

export function proofKey(id: BackupId): string {
  return `${prefixOf(id)}${id}${PROOF_SUFFIX}`;
}

export function catalogueKey(service: Service): string {
  return `${service}/metadata.json`;
}

export function removalsKey(service: Service): string {
  return `${service}/removals.json`;
}

/** Where a file of a backup that was never committed is set aside. */
export function orphanKey(service: Service, name: string, attempt: number): string {
  return `${service}/${ORPHANS}/${name}${attempt === 0 ? '' : `.${attempt}`}`;
}

export function orphansPrefix(service: Service): string {
  return `${service}/${ORPHANS}/`;
}

export function artifactName(id: BackupId, kind: ArtifactKind, stages: readonly Stage[]): string {
  return [id, artifactKindName(kind), ...stages].join('.');
}

export interface ParsedKey {
  readonly service: string;
  readonly id: BackupId;
  /** What follows the id, e.g. `.metadata.json`, `.dump.zst.enc`. */
  readonly rest: string;
}

/** The backup that a key belongs to; undefined for every other file, and for one that lies in a wrong directory. */
export function parseKey(key: string): ParsedKey | undefined {
  const [service = '', type = '', name = '', ...deeper] = key.split('/');
  const dot = name.indexOf('.');
  const id = dot < 0 ? name : name.slice(0, dot);
  if (deeper.length > 0 || !isBackupId(id) || prefixOf(id) !== `${service}/${type}/`) return undefined;
  return { service, id, rest: name.slice(id.length) };
}

/** The backup whose manifest the key is; none for every other key. */
export function manifestOwner(key: string): BackupId[] {
  const parsed = key.endsWith(MANIFEST_SUFFIX) ? parseKey(key) : undefined;
  return parsed?.rest === MANIFEST_SUFFIX ? [parsed.id] : [];
}
