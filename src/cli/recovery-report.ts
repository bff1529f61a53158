import { secondsBetween } from '../base/clock.ts';
import type { RecoveryReport } from '../coordination/recover.ts';
import { parseBackupId } from '../model/vocabulary.ts';
import { formatInstant, formatSeconds, formatTable } from './format.ts';
import type { Session } from './host.ts';
import type { ServiceEnd } from './noting.ts';
import type { Outcome } from './outcome.ts';

/** What recover and restore say at their end. `startedAt` is when the operator asked: data since then is lost. */
export function recoveryOutcome(report: RecoveryReport, startedAt: string, { targets }: Session): Outcome {
  const { id, point, staged, warnings, seconds, phases } = report;
  const moments = point.backups.map((each) => each.moment).toSorted();
  const [oldest = startedAt] = moments;
  const lostSeconds = Math.max(0, secondsBetween(oldest, startedAt));
  return {
    data: {
      recovery: {
        id,
        recoveryPoint: point.id ?? null,
        skewSeconds: point.skewSeconds,
        seconds,
        phases,
        rpoSeconds: lostSeconds,
        services: Object.fromEntries(
          staged.map((each) => [
            parseBackupId(each.backup)?.service,
            { backup: each.backup, seconds: each.seconds, phases: each.phases, equal: each.differences.length === 0 },
          ]),
        ),
      },
    },
    text: [
      formatTable(staged, [
        { title: 'RECOVERED FROM', of: ({ backup }) => backup },
        { title: 'STAGED IN', of: (each) => formatSeconds(each.seconds), align: 'right' },
        { title: 'FACTS', of: () => 'equal' },
      ]),
      `recovered in ${formatSeconds(seconds)} (target ${targets.rtoMinutes} min), to ${formatInstant(oldest)}`,
      `what changed in the last ${formatSeconds(lostSeconds)} is lost (target ${targets.rpoHours} h), skew ${formatSeconds(point.skewSeconds)}`,
      'What was replaced is kept:',
      `  physics-backup recover rollback ${id}   puts it back`,
      `  physics-backup recover finish ${id}     removes it`,
    ].join('\n'),
    warnings: [...warnings, ...slowness(seconds, targets.rtoMinutes)],
  };
}

/** How it ended for each service that was recovered. */
export function recoveryEnds({ staged }: RecoveryReport): ServiceEnd[] {
  return staged.flatMap(({ backup, warnings }) => {
    const service = parseBackupId(backup)?.service;
    return service === undefined ? [] : [{ service, id: backup, warnings }];
  });
}

function slowness(seconds: number, rtoMinutes: number): string[] {
  if (seconds <= rtoMinutes * 60) return [];
  return [`the recovery took ${formatSeconds(seconds)}, longer than the target of ${rtoMinutes} min`];
}
