import { BackupError } from '../base/errors.ts';
import type { Finding, Inspection } from '../model/source.ts';
import type { Service } from '../model/vocabulary.ts';

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
