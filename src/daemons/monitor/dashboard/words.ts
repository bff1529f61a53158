import type { Health } from '../../../model/situation.ts';
import type { Instant } from '../../../model/vocabulary.ts';
import { html, type Markup } from './html.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `512 B`, `1.5 MiB`, `194 GiB`. */
export function bytesInWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** In at most two units, as a person would say it: `9.5 s`, `46 s`, `14 min`, `7 h 30 min`, `3 days 7 h`. */
export function secondsInWords(seconds: number): string {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return twoUnits(hours, 'h', minutes % 60, 'min');
  const days = Math.floor(hours / 24);
  return days < 14 ? twoUnits(days, days === 1 ? 'day' : 'days', hours % 24, 'h') : `${days} days`;
}

function twoUnits(large: number, of: string, small: number, and: string): string {
  return small === 0 ? `${large} ${of}` : `${large} ${of} ${small} ${and}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `23 Nov`. */
export function dayInWords(at: Instant): string {
  return `${Number(at.slice(8, 10))} ${MONTHS[Number(at.slice(5, 7)) - 1] ?? '?'}`;
}

/** `23 Nov 02:00`; the whole of it for machines and for whoever points at it. */
export function moment(at: Instant): Markup {
  const words = `${dayInWords(at)} ${at.slice(11, 16)}`;
  return html`<time datetime="${at}" title="${at.slice(0, 19).replace('T', ' ')} UTC">${words}</time>`;
}

/** How long ago, or how far ahead. */
export function ago(at: Instant, now: Instant): string {
  const seconds = (Date.parse(now) - Date.parse(at)) / 1000;
  return seconds < 0 ? `in ${secondsInWords(-seconds)}` : `${secondsInWords(seconds)} ago`;
}

export const HEALTH_WORDS: Readonly<Record<Health, string>> = {
  ok: 'Good',
  warning: 'Warning',
  critical: 'Critical',
  unknown: 'Not known',
};

/** How it is: a shape, a word and a colour, in this order of weight. */
export function badge(health: Health, words = HEALTH_WORDS[health]): Markup {
  return html`<span class="badge ${health}">${shape(health)}${words}</span>`;
}

/** The same where it stands often and seldom matters: the word is for those who hear the page. */
export function quietly(health: Health): Markup {
  return html`<span class="quiet ${health}">${shape(health)}<span class="hidden">${HEALTH_WORDS[health]}</span></span>`;
}

export function shape(name: Health | Mark, size = 'shape'): Markup {
  return html`<svg class="${size}" aria-hidden="true"><use href="#${name}" /></svg>`;
}

/** The shapes of the timeline, beside those of health. */
export type Mark = 'done' | 'unproven' | 'proof' | 'failed';

/** Defined once in the page; every shape differs in its outline, not only in its colour. */
export const SHAPES: Markup = html`<svg class="definitions" aria-hidden="true">
  <symbol id="ok" viewBox="0 0 24 24">
    <circle cx="12" cy="12" r="11" class="ground" />
    <path d="M6.5 12.5l3.8 3.8 7.2-8" class="stroke" />
  </symbol>
  <symbol id="warning" viewBox="0 0 24 24">
    <path d="M12 1.5L23.5 22H.5z" class="ground" />
    <path d="M12 9v6M12 18.2v.3" class="stroke" />
  </symbol>
  <symbol id="critical" viewBox="0 0 24 24">
    <path d="M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z" class="ground" />
    <path d="M8 8l8 8M16 8l-8 8" class="stroke" />
  </symbol>
  <symbol id="unknown" viewBox="0 0 24 24">
    <rect x="1.5" y="1.5" width="21" height="21" rx="4" class="ground" />
    <path d="M8.8 9.2a3.3 3.3 0 1 1 4.7 3c-1.1.6-1.5 1.2-1.5 2.3M12 17.9v.2" class="stroke" />
  </symbol>
  <symbol id="done" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.5" class="mark" /></symbol>
  <symbol id="unproven" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4" class="mark-hollow" /></symbol>
  <symbol id="proof" viewBox="0 0 12 12"><path d="M6 1l5 5-5 5-5-5z" class="mark" /></symbol>
  <symbol id="failed" viewBox="0 0 12 12"><path d="M2 2l8 8M10 2l-8 8" class="mark-cross" /></symbol>
</svg>`;
