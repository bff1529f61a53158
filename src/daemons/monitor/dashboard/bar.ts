import { html, type Markup } from './html.ts';

/** A bar of so many percent, with a tick where the limit is. For eyes only: the figures stand beside it in words. */
export function bar(percent: number | undefined, tickPercent?: number): Markup {
  const filled = percent === undefined ? undefined : Math.min(100, Math.max(percent, 1));
  return html`<svg class="bar" aria-hidden="true">
    <rect width="100%" height="100%" rx="4" class="track" />
    ${filled !== undefined && html`<rect width="${filled.toFixed(1)}%" height="100%" rx="4" class="fill" />`}
    ${
      tickPercent !== undefined &&
      html`<line x1="${tickPercent.toFixed(1)}%" x2="${tickPercent.toFixed(1)}%" y1="0" y2="100%" class="tick" />`
    }
  </svg>`;
}
