import { BackupError, SeveralErrors } from '../base/errors.ts';
import { errorsOf, forEachAgent, runOf, valuesOf } from '../coordination/fan-out.ts';
import type { BackupEntry, Damage } from '../model/agent.ts';
import type { BackupSummary } from '../model/backup.ts';
import type { Session } from './host.ts';
import { agentsOf, coordinatedRun, type Invocation } from './invocation.ts';

export interface StoredEntries {
  /** Newest moment first. */
  readonly entries: readonly BackupEntry[];
  /** What does not authenticate, one error each. */
  readonly damage: readonly BackupError[];
}

/** All stored backups of the session's services. */
export async function storedEntries(session: Session, invocation: Invocation): Promise<StoredEntries> {
  const run = coordinatedRun(invocation, session);
  const results = await forEachAgent(agentsOf(session), (agent) => agent.history(runOf(run, agent.service)));
  const errors = errorsOf(results);
  if (errors.length > 0) throw new SeveralErrors('', errors);
  const histories = valuesOf(results);
  return {
    // Instants compare as text.
    entries: histories
      .flatMap((each) => each.backups)
      .toSorted((a, b) => (a.manifest.moment < b.manifest.moment ? 1 : -1)),
    damage: histories.flatMap((each) => each.damage.map((found) => damageError(found))),
  };
}

export interface StoredSummaries {
  /** Newest moment first. */
  readonly summaries: readonly BackupSummary[];
  readonly damage: readonly BackupError[];
}

/** The same in a few words each, where there may be very many. */
export async function storedSummaries(session: Session): Promise<StoredSummaries> {
  const results = await forEachAgent(agentsOf(session), (agent) => session.listing(agent.service));
  const errors = errorsOf(results);
  if (errors.length > 0) throw new SeveralErrors('', errors);
  const listings = valuesOf(results);
  return {
    summaries: listings.flatMap((each) => each.backups).toSorted((a, b) => (a.moment < b.moment ? 1 : -1)),
    damage: listings.flatMap((each) => each.damage.map((found) => damageError(found))),
  };
}

/** Every error says what to do; what the finding does not say itself is to look for what is still good. */
export function damageError({ message, kind, hint }: Damage): BackupError {
  return new BackupError(message, { kind, hint: hint ?? 'see what is still good: physics-backup list' });
}

/** `verified`, or why it is not relied upon. */
export function stateOf({ suspect, consistency, purpose, failed, verified }: BackupSummary): string {
  const words = [
    ...(suspect.length > 0 ? ['suspect'] : []),
    ...(consistency === 'fuzzy' ? ['fuzzy'] : []),
    ...(purpose === 'safety' ? ['safety'] : []),
  ];
  if (failed) words.unshift('DAMAGED');
  else words.unshift(verified ? 'verified' : 'unverified');
  return words.join(', ');
}

export function summaryData(summary: BackupSummary): Readonly<Record<string, unknown>> {
  const { id, service, type, sequence, moment, storedBytes, verified, consistency, suspect, purpose, recoveryPoint } =
    summary;
  return {
    id,
    service,
    type,
    sequence,
    moment,
    bytes: storedBytes,
    state: stateOf(summary),
    verified,
    consistency,
    suspect,
    purpose,
    recoveryPoint: recoveryPoint?.id ?? null,
  };
}
