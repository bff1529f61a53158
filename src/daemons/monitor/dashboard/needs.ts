import type { Condition, Situation } from '../../../model/situation.ts';
import { html, type Markup } from './html.ts';
import { badge, shape } from './words.ts';

/** What needs a person, with the command that helps. */
export function needsSection({ conditions }: Situation): Markup {
  return html`<section aria-labelledby="needs">
    <h2 id="needs">Needs a person${conditions.length > 0 && html` <span class="count">${conditions.length}</span>`}</h2>
    ${
      conditions.length === 0
        ? html`<p class="card calm">${shape('ok')} Nothing needs a person.</p>`
        : html`<ul class="card needs">
            ${conditions.map((each) => needOf(each))}
          </ul>`
    }
  </section>`;
}

function needOf({ name, severity, summary, hint }: Condition): Markup {
  return html`<li class="need">
    ${badge(severity)}
    <div>
      <p>${summary}</p>
      <p class="hint"><code tabindex="0">${hint}</code></p>
      <p class="label">${name}</p>
    </div>
  </li>`;
}
