import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { type Spread, spread } from './measure.ts';

/** Milliseconds until a browser that never saw the page has painted it; undefined where there is no browser. */
export async function firstPaint(url: string, runs: number): Promise<Spread | undefined> {
  const directories = (process.env['PATH'] ?? '').split(':');
  const program = directories.map((each) => path.join(each, 'chromium')).find((each) => existsSync(each));
  if (program === undefined) return undefined;
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []; // it refuses to run as root with one
  const browser = await chromium.launch({ executablePath: program, args: [...sandbox, '--disable-dev-shm-usage'] });
  try {
    const milliseconds: number[] = [];
    for (let run = 0; run <= runs; run += 1) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      const page = await context.newPage();
      await page.goto(url);
      const painted = Number(await page.evaluate(PAINTED));
      if (run > 0) milliseconds.push(painted); // the first warms the browser
      await context.close();
    }
    return spread(milliseconds);
  } finally {
    await browser.close();
  }
}

/** In the browser: the time of its first paint, since the navigation began. */
const PAINTED = `new Promise((resolve) => {
  const seen = () => performance.getEntriesByName('first-paint')[0]?.startTime;
  const look = () => (seen() === undefined ? requestAnimationFrame(look) : resolve(seen()));
  look();
})`;
