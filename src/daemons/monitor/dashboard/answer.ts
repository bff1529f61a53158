import type { Health, RecoverySituation, Situation, Target } from '../../../model/situation.ts';
import type { Instant } from '../../../model/vocabulary.ts';
import { bar } from './bar.ts';
import { html, type Markup } from './html.ts';
import { ago, badge, moment, secondsInWords, shape } from './words.ts';

interface Verdict {
  readonly health: Health;
  readonly words: string;
}

/** The one line that matters first. Targets that are missed make it no unqualified yes. */
export function verdict({ possible, rpo, rto }: RecoverySituation): Verdict {
  if (possible === 'unknown') return { health: 'unknown', words: 'We do not know whether we could recover' };
  if (possible === 'no') return { health: 'critical', words: 'No, we could not recover now' };
  const missed = rpo.met === false || rto.met === false;
  return missed
    ? { health: 'warning', words: 'Yes, we could recover now, but not within the targets' }
    : { health: 'ok', words: 'Yes, we could recover now' };
}

/** Whether the platform could be recovered now, to when, in how long, against what was asked for. */
export function answerSection({ recovery }: Situation, now: Instant): Markup {
  const { health, words } = verdict(recovery);
  return html`<section class="card answer ${health}" aria-labelledby="answer">
    <div class="verdict">
      ${shape(health, 'emblem')}
      <div>
        <h1 id="answer">${words}</h1>
        <p>${sentence(recovery.why)}</p>
        ${
          recovery.warnings.length > 0 &&
          html`<ul class="provisos">
            ${recovery.warnings.map((each) => html`<li>${sentence(each)}</li>`)}
          </ul>`
        }
      </div>
    </div>
    <dl class="facts">${factsOf(recovery, now)}</dl>
    <div class="targets">
      ${targetOf('Data that would be lost', recovery.rpo, 'RPO')} ${targetOf('Time it would take', recovery.rto, 'RTO')}
    </div>
  </section>`;
}

function factsOf(
  { possible, from, to, estimatedSeconds, skewSeconds, point }: RecoverySituation,
  now: Instant,
): Markup[] {
  const fact = (name: string, value: Markup | string, note: string | undefined): Markup =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value} ${note !== undefined && html`<small>${note}</small>`}</dd>
    </div>`;
  const notKnown = 'not known';
  return [
    from === undefined ? fact('To', notKnown, undefined) : fact('To', moment(from), ago(from, now)),
    fact('In about', estimatedSeconds === undefined ? notKnown : secondsInWords(estimatedSeconds), undefined),
    skewSeconds === undefined || to === undefined
      ? fact('Between the services', notKnown, undefined)
      : fact(
          'Between the services',
          secondsInWords(skewSeconds),
          skewSeconds === 0 ? undefined : `newest ${ago(to, now)}`,
        ),
    fact('Recovery point', point ?? WITHOUT_POINT[possible], undefined),
  ];
}

/** Backups of all services may be good though no recovery point holds them together. */
const WITHOUT_POINT = { yes: 'each on its own', no: 'none', unknown: 'not known' } as const;

/** How it stands against a target, on a scale that holds both. */
function targetOf(name: string, { targetSeconds, actualSeconds, met }: Target, short: string): Markup {
  const scale = Math.max(targetSeconds, actualSeconds ?? 0) * 1.15;
  const health: Health = met === undefined ? 'unknown' : met ? 'ok' : 'critical';
  const word = met === undefined ? 'Not known' : met ? 'Met' : 'Missed';
  const actual = actualSeconds === undefined ? 'not known' : secondsInWords(actualSeconds);
  const percent = actualSeconds === undefined ? undefined : (actualSeconds / scale) * 100;
  return html`<div class="target ${health}">
    <p class="line"><span class="label">${name}</span>${badge(health, word)}</p>
    ${bar(percent, (targetSeconds / scale) * 100)}
    <p class="line"><strong>${actual}</strong><span class="label">${short} ${secondsInWords(targetSeconds)}</span></p>
  </div>`;
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`;
}
