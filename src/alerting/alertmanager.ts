import type { AlertState } from '../model/alerts.ts';
import type { Condition } from '../model/situation.ts';
import type { Instant } from '../model/vocabulary.ts';
import { type Endpoint, hostOf, send } from './post.ts';
import type { Watcher } from './receiver.ts';

export interface AlertmanagerSettings {
  readonly url: string;
  readonly authorities: readonly string[];
  /** Seconds between two looks: an alert that was not told for four of them is over, as Prometheus has it. */
  readonly interval: number;
}

const LOOKS = 4;
const SHORTEST_SECONDS = 300;

/** Tells an Alertmanager (API v2) at every look what fires and what ended lately; it groups, repeats and routes. */
export function alertmanager({ url, authorities, interval }: AlertmanagerSettings): Watcher {
  const base = url.endsWith('/') ? url : `${url}/`;
  const address = new URL('api/v2/alerts', base).href;
  const endpoint: Endpoint = { name: 'alertmanager', url: address, variable: 'ALERTMANAGER_URL', authorities };
  const lasting = Math.max(LOOKS * interval, SHORTEST_SECONDS) * 1000;
  return {
    name: 'alertmanager',
    where: hostOf(endpoint),
    async tell(state, at, signal) {
      const alerts = alertsOf(state, new Date(Date.parse(at) + lasting).toISOString());
      if (alerts.length === 0) return;
      const headers = { 'content-type': 'application/json' };
      await send(endpoint, { method: 'POST', headers, body: JSON.stringify(alerts) }, signal);
    },
  };
}

function alertsOf({ known, ended }: AlertState, until: Instant): readonly object[] {
  return [
    ...known.map(({ condition, since }) => ({ ...described(condition), startsAt: since, endsAt: until })),
    ...ended.map(({ condition, since, endedAt }) => ({ ...described(condition), startsAt: since, endsAt: endedAt })),
  ];
}

/** Its labels are what an alert is known by, so nothing that changes while it fires is among them. */
function described({ key, name, severity, service, type, volume, summary, hint }: Condition): object {
  const about = { service, type, volume };
  const labels = Object.entries(about).filter(([, value]) => value !== undefined);
  return {
    labels: { alertname: name, severity, key, source: 'physics-backup', ...Object.fromEntries(labels) },
    annotations: { summary, description: `what helps: ${hint}` },
  };
}
