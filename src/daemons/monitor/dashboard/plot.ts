import type { Instant } from '../../../model/vocabulary.ts';
import { html, type Markup } from './html.ts';
import { dayInWords } from './words.ts';

export interface PlotPoint {
  readonly at: Instant;
  readonly value: number;
}

export interface PlotShape {
  readonly name: string;
  readonly inWords: (value: number) => string;
}

const ROOM_ABOVE = 1.15;

/** A line through the points over time, from zero; its figures stand around it in words. */
export function plot(points: readonly PlotPoint[], { name, inWords }: PlotShape): Markup | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const most = Math.max(...points.map(({ value }) => value));
  const places = placesOf(points, most * ROOM_ABOVE || 1);
  const end = places.at(-1) ?? { x: 100, y: 100 };
  const described = `${name} of ${points.length} backups, ${dayInWords(first.at)} to ${dayInWords(last.at)}: newest ${inWords(last.value)}, most ${inWords(most)}`;
  return html`<figure class="plot">
    <figcaption><span class="label">${name}</span><strong>${inWords(last.value)}</strong></figcaption>
    <svg class="curve" role="img" aria-label="${described}">
      <title>${described}</title>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none">
        <path class="area" d="${lineThrough(places)}L${end.x} 100L${places[0]?.x ?? 0} 100Z" />
        <path class="line-of-plot" d="${lineThrough(places)}" />
      </svg>
      <circle class="newest" cx="${end.x}%" cy="${end.y}%" r="3.5" />
    </svg>
    <p class="line label"><span>${dayInWords(first.at)}</span><span>max ${inWords(most)}</span></p>
  </figure>`;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** In percent of the plot, with room for the marker of the newest. */
function placesOf(points: readonly PlotPoint[], top: number): Place[] {
  const times = points.map(({ at }) => Date.parse(at));
  const begin = times[0] ?? 0;
  const span = (times.at(-1) ?? begin) - begin;
  return points.map(({ value }, index) => ({
    x: rounded(span <= 0 ? 97 : (97 * ((times[index] ?? begin) - begin)) / span),
    y: rounded(100 - (100 * value) / top),
  }));
}

function lineThrough(places: readonly Place[]): string {
  return places.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
