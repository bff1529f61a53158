import { SERVICES } from '../../src/model/vocabulary.ts';
import type { RetentionDecision } from '../../src/policy/retention.ts';
import type { RetentionRules } from '../../src/policy/retention-floors.ts';

const DAYS = { daily: 7, weekly: 28, monthly: 365, yearly: 2555 } as const;

/** As the deployment guide has them. */
export const guideRules: RetentionRules = {
  platform: SERVICES,
  own: SERVICES.flatMap((service) =>
    (Object.keys(DAYS) as (keyof typeof DAYS)[]).map((type) => ({ service, type, days: DAYS[type] })),
  ),
  otherwise: 30,
  keepAtLeast: 2,
};

/** A line for each decision. */
export function planText(plan: readonly RetentionDecision[]): string {
  return plan
    .map(({ backup: { manifest }, keep, reason }) => `${keep ? 'keep  ' : 'remove'} ${manifest.id}: ${reason}\n`)
    .join('');
}
