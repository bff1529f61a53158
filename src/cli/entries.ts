import { BackupError, SeveralErrors } from '../base/errors.ts';
import { errorsOf, forEachAgent, runOf, valuesOf } from '../coordination/fan-out.ts';
import type { BackupEntry, Damage } from '../model/agent.ts';
import { isVerified } from '../model/backup.ts';
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

/** Every error says what to do; what the finding does not say itself is to look for what is still good. */
export function damageError({ message, kind, hint }: Damage): BackupError {
  return new BackupError(message, { kind, hint: hint ?? 'see what is still good: physics-backup list' });
}

/** `verified`, or why it is not relied upon. */
export function stateOf({ manifest, proof }: BackupEntry): string {
  const words = [
    ...(manifest.suspect.length > 0 ? ['suspect'] : []),
    ...(manifest.consistency === 'fuzzy' ? ['fuzzy'] : []),
    ...(manifest.purpose === 'safety' ? ['safety'] : []),
  ];
  if (proof?.outcomes.some((each) => !each.passed) === true) words.unshift('DAMAGED');
  else words.unshift(isVerified(proof) ? 'verified' : 'unverified');
  return words.join(', ');
}

export function entryData(entry: BackupEntry): Readonly<Record<string, unknown>> {
  const { manifest, proof, storedBytes } = entry;
  const { id, service, type, sequence, moment, consistency, suspect, purpose, recoveryPoint } = manifest;
  return {
    id,
    service,
    type,
    sequence,
    moment,
    bytes: storedBytes,
    state: stateOf(entry),
    verified: isVerified(proof),
    consistency,
    suspect,
    purpose,
    recoveryPoint: recoveryPoint?.id ?? null,
  };
}
