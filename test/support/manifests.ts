import type { Manifest, Proof, ValidationOutcome } from '../../src/model/backup.ts';
import { backupId, type Instant, parseBackupId, type Service } from '../../src/model/vocabulary.ts';

/** A manifest as a repository would read it, for pure functions. */
export function manifestOf(service: Service, at: Instant, changes: Partial<Manifest> = {}): Manifest {
  const id = backupId(service, changes.type ?? 'daily', at);
  return {
    id,
    service,
    type: 'daily',
    sequence: Date.parse(at) / 1000,
    previous: null,
    startedAt: at,
    moment: at,
    committedAt: at,
    consistency: 'consistent',
    versions: {},
    artifacts: [],
    facts: {},
    warnings: [],
    recoveryPoint: null,
    parent: null,
    suspect: [],
    purpose: 'scheduled',
    ...changes,
  };
}

export function outcomeOf(level: ValidationOutcome['level'], passed: boolean): ValidationOutcome {
  return { level, passed, at: '2026-08-16T02:00:00.000Z', seconds: 1, errors: passed ? [] : ['bad'], warnings: [] };
}

/** The proof of a backup whose content level passed. */
export function verified(manifest: Manifest): { manifest: Manifest; proof: Proof } {
  if (parseBackupId(manifest.id) === undefined) throw new Error(`bad id ${manifest.id}`);
  return { manifest, proof: { id: manifest.id, outcomes: [outcomeOf('integrity', true), outcomeOf('content', true)] } };
}
