/** Series by promtool's notation: values begin at time 0, one a minute. */
export type Series = Readonly<Record<string, string>>;

/** What a rule is tested with; times in minutes. */
export interface RuleCase {
  readonly alert: string;
  readonly about: string;
  readonly series: Series;
  /** When it has fired for the first time. */
  readonly at: number;
  /** False: when it began to fire is not looked at. */
  readonly sudden?: boolean;
  /** Labels and texts of what fires then; empty: it is silent at that time. */
  readonly fires: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly summary: string;
    readonly description: string;
  }[];
}

export const M = 'instance="m:8084",job="physics-backup"';
export const DAILY = `{service="postgres",type="daily",${M}}`;
export const YEARLY = `{service="postgres",type="yearly",${M}}`;
export const NEO4J = `{service="neo4j",${M}}`;
export const VOLUME = `{volume="backup-postgres",${M}}`;
export const ALL = `{${M}}`;
export const m = { instance: 'm:8084', job: 'physics-backup' };
export const daily = { ...m, service: 'postgres', type: 'daily' };
export const volume = { ...m, volume: 'backup-postgres' };

/** Always the same, for as long as any case lasts. */
export const steady = (value: number): string => `${value}x1600`;
export const DAY = 86_400;
export const condition = (
  name: string,
  severity = 'warning',
  about: Readonly<Record<string, string>> = { service: 'redis' },
): string =>
  `backup_condition{name="${name}",severity="${severity}",service="${about['service'] ?? ''}",type="${about['type'] ?? ''}",volume="${about['volume'] ?? ''}",${M}}`;
