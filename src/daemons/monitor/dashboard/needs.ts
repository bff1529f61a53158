import type { Situation } from '../../../model/situation.ts';
import { type ConditionGroup, grouped } from '../../../policy/condition-groups.ts';
import { html, type Markup } from './html.ts';
import { badge, shape } from './words.ts';

/** What needs a person, with the command that helps. */
export function needsSection({ conditions }: Situation): Markup {
  const groups = grouped(conditions);
  return html`<section aria-labelledby="needs">
    <h2 id="needs">Needs a person${groups.length > 0 && html` <span class="count">${groups.length}</span>`}</h2>
    ${
      groups.length === 0
        ? html`<p class="card calm">${shape('ok')} Nothing needs a person.</p>`
        : html`<ul class="card needs">
            ${groups.map((each) => needOf(each))}
          </ul>`
    }
  </section>`;
}

function needOf({ name, severity, summary, hints }: ConditionGroup): Markup {
  return html`<li class="need">
    ${badge(severity)}
    <div>
      <p>${summary}</p>
      ${hints.map((hint) => html`<p class="hint"><code tabindex="0">${hint}</code></p>`)}
      <p class="label">${name}</p>
    </div>
  </li>`;
}
