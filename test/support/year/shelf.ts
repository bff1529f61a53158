import type { Manifest } from '../../../src/model/backup.ts';
import type { Facts } from '../../../src/model/facts.ts';
import { backupId, type BackupType, type Instant, type Service } from '../../../src/model/vocabulary.ts';
import { planRetention, type RetentionDecision } from '../../../src/policy/retention.ts';
import { type HeldBackup, isGood, type RetentionRules } from '../../../src/policy/retention-floors.ts';
import { suspicions } from '../../../src/policy/suspicion.ts';
import { manifestOf, outcomeOf } from '../manifests.ts';

/** What a simulated capture found. */
export interface Captured {
  readonly type: BackupType;
  readonly at: Instant;
  readonly rows: number;
  /** Whether its content could be read. */
  readonly whole: boolean;
}

/** The backups of one service, as small as they can be: authenticated manifests, proofs, and the program's judgement. */
export class Shelf {
  readonly #service: Service;
  readonly #rules: RetentionRules;
  #backups: HeldBackup[] = [];
  #sequence = 0;

  constructor(service: Service, rules: RetentionRules) {
    this.#service = service;
    this.#rules = rules;
  }

  get backups(): readonly HeldBackup[] {
    return this.#backups;
  }

  /** Returns whether it is suspect. */
  add({ type, at, rows, whole }: Captured): boolean {
    const facts: Facts = { 'rows all': { value: rows, certainty: 'exact' } };
    const predecessor = this.#backups.findLast((each) => isGood(each, '9999'))?.manifest.facts ?? {};
    const suspect = suspicions(facts, predecessor);
    this.#sequence += 1;
    const manifest = manifestOf(
      this.#service,
      at,
      this.#unique({ type, sequence: this.#sequence, facts, suspect }, at),
    );
    const outcomes = [outcomeOf('integrity', true), outcomeOf('content', whole)];
    this.#backups.push({ manifest, proof: { id: manifest.id, outcomes }, storedBytes: 1 });
    return suspect.length > 0;
  }

  /** A clock that was put back gives a name twice; the program takes the next second. */
  #unique(changes: Partial<Manifest> & { type: BackupType }, at: Instant): Partial<Manifest> {
    const taken = new Set(this.#backups.map(({ manifest }) => manifest.id));
    let second = Date.parse(at);
    while (taken.has(backupId(this.#service, changes.type, new Date(second).toISOString()))) second += 1000;
    return { ...changes, id: backupId(this.#service, changes.type, new Date(second).toISOString()) };
  }

  /** What `cleanup <service>` does. */
  cleanUp(now: Instant): RetentionDecision[] {
    const request = { services: [this.#service], types: 'all', rules: this.#rules, pinned: new Map() } as const;
    const plan = planRetention(this.#backups, request, now);
    this.#backups = plan.filter(({ keep }) => keep).map(({ backup }) => backup);
    return plan;
  }
}
