import type { AlertMessage, ToldAlert } from '../model/alerts.ts';
import { shown, subjectOf, titleOf } from './wording.ts';

export type WebhookFormat = 'slack' | 'generic';

export function webhookBody(message: AlertMessage, format: WebhookFormat): string {
  return JSON.stringify(format === 'slack' ? slackBody(message) : genericBody(message));
}

/** docs/alerts.md, "The generic body": fields are added, never changed. */
function genericBody(message: AlertMessage): Readonly<Record<string, unknown>> {
  const { id, kind, at, group } = message;
  const { alerts, left } = shown(message);
  return {
    version: 1,
    source: 'physics-backup',
    id,
    kind,
    at,
    group,
    title: titleOf(message),
    alerts: alerts.map(toldOf),
    left,
  };
}

function toldOf({ condition, since }: ToldAlert): Readonly<Record<string, unknown>> {
  return { ...condition, since };
}

const COLORS = { critical: '#c0392b', warning: '#d68910', resolved: '#1e8449' } as const;

/** Incoming webhooks of Slack, and of what understands the same (Mattermost, Rocket.Chat, Discord at `/slack`). */
function slackBody(message: AlertMessage): Readonly<Record<string, unknown>> {
  const { alerts, left } = shown(message);
  const more = left > 0 ? [{ text: `and ${left} more: \`physics-backup alerts list\`` }] : [];
  const attachments = alerts.map(({ condition, since }) => {
    const { severity, summary, hint } = condition;
    const title = escape(`${severity}: ${subjectOf(condition)}`);
    const help = message.kind === 'resolved' ? [] : [`what helps: \`${escape(hint)}\``];
    return {
      color: COLORS[message.kind === 'resolved' ? 'resolved' : severity],
      fallback: title,
      title,
      text: [escape(summary), `since ${since}`, ...help].join('\n'),
      mrkdwn_in: ['text'],
    };
  });
  return { text: escape(`Physics Assistant backup: ${titleOf(message)}`), attachments: [...attachments, ...more] };
}

/** The three characters that Slack gives a meaning: nobody is mentioned and nothing is linked by a message of ours. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
