import { BackupError } from '../base/errors.ts';
import type { Finding, Inspection } from '../model/source.ts';
import type { Service } from '../model/vocabulary.ts';
import type { OperationDependencies } from './dependencies.ts';

/** Fails with the first problem that stands in the way of this kind of run; nothing has been touched by then. */
export function assertNoProblem(service: Service, inspection: Inspection, run: 'backup' | 'restore'): void {
  const problem = inspection.findings.find((each) => each.severity === 'problem' && stops(each, run));
  if (problem === undefined) return;
  throw new BackupError(`${service}: ${problem.message}`, {
    kind: problem.kind ?? 'failed',
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  });
}

function stops(finding: Finding, run: 'backup' | 'restore'): boolean {
  return finding.stops === undefined || finding.stops === run;
}

/** Fails with `no-space` where what is free beside the backups cannot hold so many bytes. */
export async function assertRoom(needed: number, { repository, source }: OperationDependencies): Promise<void> {
  const free = await repository.freeBytes();
  if (free === undefined || free >= needed) return;
  const [wanted, left] = [needed, free].map((bytes) => `${Math.ceil(bytes / 1024 ** 2)} MiB`);
  throw new BackupError(`${source.service}: the backup takes at least ${wanted}, ${left} are free in BACKUP_DIR`, {
    kind: 'no-space',
    hint: 'make room there, or set BACKUP_DIR to a larger disk',
  });
}
