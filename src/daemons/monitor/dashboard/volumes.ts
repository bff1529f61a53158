import type { Situation, VolumeSituation } from '../../../model/situation.ts';
import { bar } from './bar.ts';
import { html, type Markup } from './html.ts';
import { badge, bytesInWords, secondsInWords } from './words.ts';

export function volumesSection({ volumes }: Situation): Markup {
  return html`<section aria-labelledby="volumes">
    <h2 id="volumes">Volumes</h2>
    ${
      volumes.length === 0
        ? html`<p class="card label">Nothing is known of any volume.</p>`
        : html`<ul class="volumes">
            ${volumes.map((each) => volumeCard(each))}
          </ul>`
    }
  </section>`;
}

function volumeCard(volume: VolumeSituation): Markup {
  const { usedPercent, health } = volume;
  return html`<li class="card volume ${health}">
    <p class="line"><strong>${volume.volume}</strong>${badge(health)}</p>
    ${bar(usedPercent)}
    <p class="line">
      <span>${usedPercent === undefined ? 'use not known' : `${Math.round(usedPercent)} % used`}</span>
      <span class="label">${noteOf(volume)}</span>
    </p>
  </li>`;
}

function noteOf({ freeBytes, fullInSeconds, why }: VolumeSituation): string {
  const notes = [
    ...(freeBytes === undefined ? [] : [`${bytesInWords(freeBytes)} free`]),
    ...(fullInSeconds === undefined ? [] : [`full in about ${secondsInWords(fullInSeconds)}`]),
    ...(why === undefined ? [] : [why]),
  ];
  return notes.join(', ');
}
