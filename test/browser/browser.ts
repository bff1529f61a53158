import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { TestContext } from 'vitest';
import { requires } from '../support/system/what-can-run.ts';

/** Debian's browser; the set-up of the tests installs it. */
function installed(): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(':');
  return directories.map((each) => path.join(each, 'chromium')).find((each) => existsSync(each));
}

const PROGRAM = installed();

export function requiresBrowser(context: TestContext): void {
  requires(PROGRAM !== undefined, 'chromium (apt-get install chromium)', context);
}

/** Undefined where there is none: then `requiresBrowser` has said so. */
export async function openBrowser(): Promise<Browser | undefined> {
  if (PROGRAM === undefined) return undefined;
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []; // it refuses to run as root with one
  return await chromium.launch({ executablePath: PROGRAM, args: [...sandbox, '--disable-dev-shm-usage'] });
}

/** A page that notes all it did that it must not: errors, breaches of its policy, requests to anyone else. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: string[];
}

export async function openPage(
  browser: Browser | undefined,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  if (browser === undefined) throw new Error('there is no browser');
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) complaints.push(`asked ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`${url}/`);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** Texts whose contrast with what is behind them is below what WCAG 2.2 (1.4.3, AA) asks for: 4.5, or 3 for large ones. */
export async function faintTexts(page: Page): Promise<string[]> {
  return await page.evaluate(FAINT_TEXTS);
}

/** In the browser, where there are no types. */
const FAINT_TEXTS = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((each) => each / 255).map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if ((channels(colour)[3] ?? 1) > 0.99) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility() || element.closest('noscript, title')) continue;
    const style = getComputedStyle(element);
    const inSvg = element instanceof SVGElement;
    const [a, b] = [light(inSvg ? style.fill : style.color), light(ground(element))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) faint.push(node.textContent.trim() + ' ' + ratio.toFixed(2));
  }
  return faint;
})()`;
