import type { ServiceSituation, Situation, TypeSituation } from '../../model/situation.ts';
import type { Instant } from '../../model/vocabulary.ts';
import { type Family, type Sample, sampleOf, timestamp } from './exposition.ts';

const SECONDS_PER_HOUR = 3600;

type OfType = (type: TypeSituation) => number | boolean | undefined;

/** What is known of services and their types; the first five names are the deployment guide's. */
export function serviceFamilies({ services }: Situation, now: Instant): Family[] {
  const age = (instant: Instant | undefined): number | undefined => {
    const then = timestamp(instant);
    return then === undefined ? undefined : ((timestamp(now) ?? then) - then) / SECONDS_PER_HOUR;
  };
  const perType = (name: string, help: string, value: OfType): Family => ({
    name,
    help,
    type: 'gauge',
    samples: services.flatMap(({ service, types }) =>
      types.flatMap((each) => sampleOf({ service, type: each.type }, value(each))),
    ),
  });
  return [
    perType('backup_status', 'Whether the newest attempt gave a good backup.', (each) => each.good),
    perType('backup_age_hours', 'Age of the newest good backup, in hours.', (each) => age(each.lastSuccess?.at)),
    perType('backup_size_bytes', 'Stored bytes of the newest good backup.', (each) => each.lastSuccess?.storedBytes),
    perType('backup_validation_status', 'Whether the last check passed.', (each) => each.lastValidation?.passed),
    perType('backup_validation_duration', 'Seconds that it took.', (each) => each.lastValidation?.seconds),
    ...timestamps(perType),
    perType(
      'backup_stale_after_seconds',
      'The age in seconds at which the newest is stale by the schedule of its type.',
      (each) => each.staleAfterSeconds,
    ),
    perType('backup_stored_bytes', 'Stored bytes of all backups of the type.', (each) => each.storedBytes),
    perType('backup_stored_backups', 'How many backups of the type are stored.', (each) => each.count),
    ...wholeServices(services),
  ];
}

function timestamps(perType: (name: string, help: string, value: OfType) => Family): Family[] {
  return [
    perType('backup_last_success_timestamp_seconds', 'The moment of the newest good backup.', (each) =>
      timestamp(each.lastSuccess?.at),
    ),
    perType(
      'backup_last_verified_timestamp_seconds',
      'The moment of the newest backup that a recovery may take: verified, neither suspect nor fuzzy.',
      (each) => timestamp(each.lastVerified?.at),
    ),
    perType('backup_next_run_timestamp_seconds', 'When the next backup is due.', (each) => timestamp(each.next)),
  ];
}

function wholeServices(services: readonly ServiceSituation[]): Family[] {
  const readable = services.filter(({ health }) => health !== 'unknown');
  const of = (value: (each: ServiceSituation) => number | undefined): Sample[] =>
    readable.flatMap((each) => sampleOf({ service: each.service }, value(each)));
  return [
    {
      name: 'backup_runs_total',
      help: 'Backup runs by how they ended.',
      type: 'counter',
      samples: services.flatMap(({ service, runTotals }) =>
        runTotals.flatMap(({ type, result, count }) => sampleOf({ service, type, result }, count)),
      ),
    },
    {
      name: 'backup_rpo_actual_seconds',
      help: 'Seconds of data that a recovery of the service would have lost at the last look.',
      type: 'gauge',
      samples: of(({ rpo }) => rpo.actualSeconds),
    },
    {
      name: 'backup_sequence_gaps',
      help: 'Backups that are missing without a record of their removal.',
      type: 'gauge',
      samples: of(({ gaps }) => gaps),
    },
    {
      name: 'backup_damaged_manifests',
      help: 'Files among the backups that are not what was written.',
      type: 'gauge',
      samples: of(({ damaged }) => damaged.length),
    },
  ];
}
