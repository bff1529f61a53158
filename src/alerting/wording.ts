import type { AlertKind, AlertMessage, ToldAlert } from '../model/alerts.ts';
import type { Condition } from '../model/situation.ts';

/** Receivers have limits of their own; a person reads no further than this either. */
export const MOST_SHOWN = 50;

const HEADINGS: Readonly<Record<AlertKind, string>> = {
  firing: 'needs attention',
  repeated: 'still needs attention',
  resolved: 'is over',
};

/** One line: `critical: BackupFailed postgres daily, and 2 more, needs attention`. */
export function titleOf({ kind, alerts }: AlertMessage): string {
  const [first] = alerts;
  if (first === undefined) return HEADINGS[kind];
  const more = alerts.length > 1 ? `, and ${alerts.length - 1} more,` : '';
  const severity = kind === 'resolved' ? 'resolved' : first.condition.severity;
  return `${severity}: ${subjectOf(first.condition)}${more} ${HEADINGS[kind]}`;
}

/** What it is about: `BackupFailed postgres daily`. */
export function subjectOf({ name, service, type, volume }: Condition): string {
  return [name, service, type, volume].filter((each) => each !== undefined).join(' ');
}

/** The alerts that a message shows, and how many it leaves out. */
export function shown({ alerts }: AlertMessage): { readonly alerts: readonly ToldAlert[]; readonly left: number } {
  return { alerts: alerts.slice(0, MOST_SHOWN), left: Math.max(0, alerts.length - MOST_SHOWN) };
}

/** For people, without markup; every alert with the command that helps, unless it is over. */
export function textOf(message: AlertMessage): string {
  const { alerts, left } = shown(message);
  const blocks = alerts.map(({ condition, since }) => {
    const lines = [`${condition.severity}: ${subjectOf(condition)}`, condition.summary, `since ${since}`];
    return [...lines, ...(message.kind === 'resolved' ? [] : [`what helps: ${condition.hint}`])].join('\n  ');
  });
  return [titleOf(message), ...blocks, ...(left > 0 ? [`and ${left} more: physics-backup alerts list`] : [])].join(
    '\n\n',
  );
}
