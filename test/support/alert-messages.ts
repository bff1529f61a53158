import type { AlertKind, AlertMessage } from '../../src/model/alerts.ts';
import type { Condition } from '../../src/model/situation.ts';
import { conditionOf } from './conditions.ts';

export const AT = '2026-11-01T02:03:04.000Z';

export function messageOf(
  kind: AlertKind = 'firing',
  conditions: readonly Condition[] = [conditionOf('a')],
): AlertMessage {
  const alerts = conditions.map((condition) => ({ condition, since: AT }));
  return { id: `${kind}:platform:${AT}`, kind, at: AT, group: 'platform', alerts };
}
