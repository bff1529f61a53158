import type { RunRecord } from '../../../model/runs.ts';
import type { ServiceSituation, Situation } from '../../../model/situation.ts';
import type { Instant } from '../../../model/vocabulary.ts';
import { html, type Markup } from './html.ts';
import { dayInWords, type Mark, moment, shape } from './words.ts';

const DAYS = 14;
const DAY = 86_400_000;
const LISTED = 20;
/** Exit codes of a run that did what it should: done, and done with warnings. */
const GOOD: readonly number[] = [0, 4];

/** Something that happened, as the timeline shows it. */
export interface TimelineEvent {
  readonly at: Instant;
  readonly service: string;
  readonly mark: Mark;
  readonly words: string;
}

/** What was taken, proven and failed, newest last. A backup without a record of its run is one all the same. */
export function eventsOf({ service, backups, runs }: ServiceSituation): TimelineEvent[] {
  const taken = backups.map(({ at, id, verified }): TimelineEvent => {
    const words = verified ? `${id}, verified` : `${id}, not verified`;
    return { at, service, mark: verified ? 'done' : 'unproven', words };
  });
  return [...taken, ...runs.flatMap((run) => eventOfRun(run) ?? [])].toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

function eventOfRun({ kind, service, type, began, code, id, message }: RunRecord): TimelineEvent | undefined {
  const what = [kind, type].filter((each) => each !== undefined).join(' ');
  if (!GOOD.includes(code)) {
    const why = message === undefined ? '' : `: ${message}`;
    return { at: began, service, mark: 'failed', words: `${what} failed (${code})${why}` };
  }
  return kind === 'validate' ? { at: began, service, mark: 'proof', words: `${id ?? what} validated` } : undefined;
}

/** Two weeks of every service, one lane each; the same as a list. */
export function timelineSection({ services }: Situation, now: Instant): Markup {
  const since = Math.floor(Date.parse(now) / DAY) * DAY - (DAYS - 1) * DAY;
  const lanes = services.map((each) => ({
    service: each.service,
    events: eventsOf(each).filter(({ at }) => Date.parse(at) >= since && at <= now),
  }));
  const newest = lanes.flatMap(({ events }) => events).toSorted((a, b) => (a.at < b.at ? 1 : -1));
  return html`<section aria-labelledby="timeline">
    <h2 id="timeline">Two weeks</h2>
    <div class="card timeline">
      ${lanes.map(({ service, events }) => lane(service, events, since))} ${dayLine(since)} ${legend()}
      <details id="events">
        <summary>Newest of it as a list</summary>
        <ol class="events">
          ${newest.slice(0, LISTED).map((each) => eventLine(each))}
        </ol>
      </details>
    </div>
  </section>`;
}

function lane(service: string, events: readonly TimelineEvent[], since: number): Markup {
  const count = (...marks: readonly Mark[]): number => events.filter(({ mark }) => marks.includes(mark)).length;
  const described = `${service}: ${count('done', 'unproven')} backups, ${count('proof')} validations, ${count('failed')} failures in two weeks`;
  return html`<div class="lane">
    <span class="label">${service}</span>
    <svg class="marks" role="img" aria-label="${described}">
      <line x1="0" x2="100%" y1="50%" y2="50%" class="rail" />
      ${Array.from({ length: DAYS }, (_, day) => dayMark(day))}
      ${events.map(({ at, mark, words }) => markAt(at, mark, words, since))}
    </svg>
  </div>`;
}

function dayMark(day: number): Markup {
  const x = ((day * 100) / DAYS).toFixed(2);
  return html`<line x1="${x}%" x2="${x}%" y1="0" y2="100%" class="midnight" />`;
}

function markAt(at: Instant, mark: Mark, words: string, since: number): Markup {
  const x = ((Date.parse(at) - since) / (DAYS * DAY)) * 100;
  return html`<svg x="${x.toFixed(2)}%" y="50%" overflow="visible">
    <title>${dayInWords(at)} ${at.slice(11, 16)}: ${words}</title>
    <use href="#${mark}" class="${mark}" x="-6" y="${mark === 'proof' ? 4 : -11}" width="12" height="12" />
  </svg>`;
}

/** Every second day has its name: there is room for that on a phone. */
function dayLine(since: number): Markup {
  const days = Array.from({ length: DAYS / 2 }, (_, index) => index * 2);
  return html`<div class="lane days" aria-hidden="true">
    <span></span>
    <svg class="day-names">
      ${days.map((day) => {
        const x = ((day * 100) / DAYS).toFixed(2);
        return html`<text x="${x}%" y="13">${dayInWords(new Date(since + day * DAY).toISOString())}</text>`;
      })}
    </svg>
  </div>`;
}

function legend(): Markup {
  const marks: readonly (readonly [Mark, string])[] = [
    ['done', 'backup, verified'],
    ['unproven', 'backup, not verified'],
    ['proof', 'validation'],
    ['failed', 'failure'],
  ];
  return html`<ul class="legend">
    ${marks.map(([mark, words]) => html`<li class="${mark}">${shape(mark)} ${words}</li>`)}
    <li class="label">drills: not configured</li>
  </ul>`;
}

function eventLine({ at, service, mark, words }: TimelineEvent): Markup {
  return html`<li class="${mark}">${shape(mark)} ${moment(at)} ${service}: ${words}</li>`;
}
