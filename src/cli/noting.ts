import { stopwatch } from '../base/clock.ts';
import { asError, reason, SeveralErrors } from '../base/errors.ts';
import type { RunKind, RunRecord } from '../model/runs.ts';
import { type BackupId, type BackupType, parseBackupId, type Service } from '../model/vocabulary.ts';
import { EXIT_CODES, WARNINGS } from './exit-codes.ts';
import type { Session } from './host.ts';
import { exitCodeOfOutcome, flatten } from './outcome.ts';

/** What a run is, before it is known how it ends. */
export interface NotedRun {
  readonly kind: RunKind;
  readonly type?: BackupType;
  readonly id?: BackupId;
}

/** How a run of several services ended for one of them. */
export interface ServiceEnd {
  readonly service: Service;
  readonly id?: BackupId;
  readonly errors?: readonly Error[];
  readonly warnings?: readonly string[];
}

/** Does the work of a command and notes for every service how it ended, also when it fails as a whole. */
export async function noted<T>(
  run: NotedRun,
  session: Session,
  work: () => Promise<T>,
  endsOf: (result: T) => readonly ServiceEnd[],
): Promise<T> {
  const began = session.coordination.clock.now();
  const seconds = stopwatch();
  const note = async (ends: readonly ServiceEnd[]): Promise<void> => {
    for (const end of ends) await append(recordOf(run, end, began, seconds(), session), session);
  };
  try {
    const result = await work();
    await note(endsOf(result));
    return result;
  } catch (error) {
    await note(failures(run.kind, asError(error), session.services));
    throw error;
  }
}

/**
 * A service's own errors where it has some. What else failed as a whole failed for every service; but a validation
 * that could not look at one service says nothing against the others.
 */
function failures(kind: RunKind, error: Error, services: readonly Service[]): ServiceEnd[] {
  const each = error instanceof SeveralErrors ? (error.errors as Error[]) : [error];
  const ends = services.map((service) => ({ service, errors: each.filter((one) => names(one, service)) }));
  const own = ends.filter(({ errors }) => errors.length > 0);
  if (kind === 'validate' && own.length > 0) return own;
  return ends.map(({ service, errors }) => ({ service, errors: errors.length > 0 ? errors : [error] }));
}

function names({ message }: Error, service: Service): boolean {
  return message.startsWith(`${service}:`) || message.startsWith(`${service}_`);
}

function recordOf(run: NotedRun, end: ServiceEnd, began: string, seconds: number, session: Session): RunRecord {
  const { service, id = run.id, errors = [], warnings = [] } = end;
  const type = run.type ?? (id === undefined ? undefined : parseBackupId(id)?.type);
  const message = flatten(errors).errors[0]?.message ?? warnings[0];
  return {
    kind: run.kind,
    service,
    ...(type === undefined ? {} : { type }),
    began,
    seconds: Math.round(seconds * 1000) / 1000,
    code: exitCodeOfOutcome({ data: {}, text: '', errors, warnings }),
    ...(id === undefined ? {} : { id }),
    ...session.trigger,
    ...(message === undefined ? {} : { message: oneLine(message) }),
  };
}

const UNNOTED = 'how this run ended could not be noted';

/**
 * A history that cannot be written (a full disk) is no reason to call a backup failed, and one that failed for the same
 * reason has been told of: that it could not be noted either is a detail for the log.
 */
async function append(record: RunRecord, { coordination, trigger }: Session): Promise<void> {
  const { stateDirectory, processes, log } = coordination;
  if (record.code === EXIT_CODES.busy && trigger.trigger === 'schedule') return; // not begun: its slot comes again
  try {
    const { RunHistory } = await import('../records/run-history.ts');
    const { torn } = await new RunHistory(stateDirectory).append(record, processes);
    if (torn) log.warn(`the last line of the run history of ${record.service} was cut by a crash and is lost`);
  } catch (error) {
    const [message, fields] = [UNNOTED, { service: record.service, reason: reason(error) }] as const;
    if (record.code === 0 || record.code === WARNINGS) log.warn(message, fields);
    else log.error(message, fields);
  }
}

const MOST_CHARACTERS = 300;

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS - 1)}…`;
}
