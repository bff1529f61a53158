import type { Condition, Situation, Target } from '../model/situation.ts';
import type { Instant, Service } from '../model/vocabulary.ts';

/** The key of the condition that the monitor cannot see. */
export const BLIND = 'monitor-blind';

/** What is known of a platform before anyone has looked at it. */
export interface Expected {
  readonly services: readonly Service[];
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
}

/** The situation when nothing is known: no figure, and nothing healthy. Pure. */
export function unseen(expected: Expected, at: Instant, why: string): Situation {
  const rpo: Target = { targetSeconds: expected.rpoSeconds };
  return {
    at,
    recovery: { possible: 'unknown', why, warnings: [], choice: [], rpo, rto: { targetSeconds: expected.rtoSeconds } },
    services: expected.services.map((service) => ({
      service,
      health: 'unknown',
      rpo,
      types: [],
      backups: [],
      runs: [],
      runTotals: [],
      damaged: [],
    })),
    volumes: [],
    conditions: [blind(why)],
    scheduler: { services: [], heartbeats: [] },
    keys: {},
    lock: [],
    retention: { enabled: false },
  };
}

/**
 * What was known when the last look succeeded, none of it vouched for: what was judged then is "unknown", what a person
 * was needed for then still stands, and what was measured stays to be shown as that of its time (`at`). Pure.
 */
export function inDoubt(last: Situation, why: string): Situation {
  return {
    ...last,
    recovery: {
      ...last.recovery,
      possible: 'unknown',
      why,
      rpo: unjudged(last.recovery.rpo),
      rto: unjudged(last.recovery.rto),
    },
    services: last.services.map((each) => ({
      ...each,
      health: 'unknown',
      rpo: unjudged(each.rpo),
      types: each.types.map((type) => ({ ...type, health: 'unknown' })),
    })),
    volumes: last.volumes.map((each) => ({ ...each, health: 'unknown' })),
    conditions: [blind(why), ...last.conditions],
    scheduler: { services: [], heartbeats: [] },
    lock: [],
  };
}

function unjudged({ targetSeconds, actualSeconds }: Target): Target {
  return { targetSeconds, ...(actualSeconds === undefined ? {} : { actualSeconds }) };
}

function blind(why: string): Condition {
  return {
    key: BLIND,
    name: 'MonitorBlind',
    severity: 'critical',
    summary: `the monitor cannot see: ${why}`,
    hint: 'physics-backup doctor',
  };
}
