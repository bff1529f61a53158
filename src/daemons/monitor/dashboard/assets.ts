import { createHash } from 'node:crypto';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { STYLE_OF_FIGURES } from './style-of-figures.ts';

export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly content: string;
}

const STYLE_SHEET = `${STYLE}${STYLE_OF_FIGURES}`;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#1d5c7a"/>
<path d="M16 7a9 9 0 1 1-8.5 6" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/>
<path d="M5.5 9.5l2 4.5 4.6-1.8" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
<path d="M12 16.4l3 3 5.4-6" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
</svg>
`;

/** Named by what is in them, so that a browser may keep them: a new version has new names. */
export const STYLE_PATH = `/assets/dashboard.${digest(STYLE_SHEET)}.css`;
export const SCRIPT_PATH = `/assets/refresh.${digest(SCRIPT)}.js`;

/** All that the page is made of beside its markup. */
export const ASSETS: readonly Asset[] = [
  { path: STYLE_PATH, type: 'text/css; charset=utf-8', content: STYLE_SHEET },
  { path: SCRIPT_PATH, type: 'text/javascript; charset=utf-8', content: SCRIPT },
  { path: '/assets/icon.svg', type: 'image/svg+xml', content: ICON },
];

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
