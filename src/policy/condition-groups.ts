import type { Condition } from '../model/situation.ts';

/** The same trouble of several services, said once. */
export interface ConditionGroup {
  readonly name: string;
  readonly severity: Condition['severity'];
  readonly summary: string;
  /** The command that helps each, in the order of the summary. */
  readonly hints: readonly string[];
  /** Those that it is said of, where it is said of several. */
  readonly services: readonly string[];
}

/** What a person reads: `a: there is no backup` and `b: there is no backup` are one sentence. Pure; the order stays. */
export function grouped(conditions: readonly Condition[]): ConditionGroup[] {
  const groups = Map.groupBy(conditions, (each) => {
    const rest = withoutService(each);
    return rest === undefined ? each.key : `${each.severity} ${each.name} ${rest}`;
  });
  return [...groups.values()].flatMap((members) => groupOf(members));
}

function groupOf(members: readonly Condition[]): ConditionGroup[] {
  const [first] = members;
  if (first === undefined) return [];
  const { name, severity } = first;
  const services = members.flatMap(({ service }) => service ?? []);
  const rest = withoutService(first);
  const several = members.length > 1 && rest !== undefined;
  const summary = several ? `${services.join(', ')}: ${rest}` : first.summary;
  const hints = [...new Set(members.map(({ hint }) => hint))];
  return [{ name, severity, summary, hints, services: several ? services : [] }];
}

/** What is said of the service; undefined of what is about something else. */
function withoutService({ service, type, summary }: Condition): string | undefined {
  const start = `${service ?? ''}: `;
  return service !== undefined && type === undefined && summary.startsWith(start)
    ? summary.slice(start.length)
    : undefined;
}
