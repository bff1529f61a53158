import type { Instant } from '../../../model/vocabulary.ts';
import type { Sight } from '../looks.ts';
import { answerSection, verdict } from './answer.ts';
import { SCRIPT_PATH, STYLE_PATH } from './assets.ts';
import { html, type Markup } from './html.ts';
import { needsSection } from './needs.ts';
import { servicesSection } from './services.ts';
import { timelineSection } from './timeline.ts';
import { upkeepSection } from './upkeep.ts';
import { volumesSection } from './volumes.ts';
import { moment, secondsInWords, SHAPES } from './words.ts';

/** Seconds after which a page without scripts loads itself again. */
const RELOAD_SECONDS = 60;

/** The whole page, as it stands at `now`. It needs nothing but its style sheet, and no script. */
export function dashboardPage(sight: Sight, version: string, now: Instant): string {
  const { situation } = sight;
  const title = TITLES[verdict(situation.recovery).health];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title} · Backups</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="stylesheet" href="${STYLE_PATH}" />
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <script src="${SCRIPT_PATH}" defer></script>
        <noscript><meta http-equiv="refresh" content="${RELOAD_SECONDS}" /></noscript>
      </head>
      <body>
        <a class="skip" href="#answer">Skip to the answer</a>
        ${SHAPES}
        <p class="unreachable" role="status" id="unreachable"></p>
        <div id="page">${body(sight, version, now)}</div>
      </body>
    </html> `.text.replace(/^\s+/, '');
}

const TITLES = {
  ok: 'Recoverable',
  warning: 'Recoverable, targets missed',
  critical: 'NOT recoverable',
  unknown: 'Not known',
} as const;

function body(sight: Sight, version: string, now: Instant): Markup {
  const { situation } = sight;
  const current = sight.state === 'current';
  return html`<header class="top">
      <p class="brand">Physics Assistant <span>backups</span></p>
      <p class="seen">${seen(sight)}</p>
    </header>
    <main>
      ${answerSection(situation, now)} ${needsSection(situation)} ${servicesSection(situation, now)}
      ${timelineSection(situation, now)}
      <div class="halves">${volumesSection(situation)} ${upkeepSection(situation, now, current)}</div>
    </main>
    <footer>
      <p>All times are UTC. This page is of ${moment(now)}.</p>
      <p>
        <a href="/metrics">Metrics</a> <a href="/api/v1/situation">JSON</a> <a href="/api/openapi.json">API</a>
        <span>${version}</span>
      </p>
    </footer>`;
}

function seen({ state, ageSeconds }: Sight): string {
  if (state === 'none' || ageSeconds === undefined) return 'Nothing has been seen yet';
  const age = `${secondsInWords(Math.round(ageSeconds))} ago`;
  return state === 'current' ? `Looked ${age}` : `What is below was seen ${age}, and is not vouched for`;
}
