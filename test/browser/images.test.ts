import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runMonitor } from '../daemons/monitor/rig.ts';
import { brokenSituation, healthySituation, MORNING } from '../support/situations.ts';
import { openBrowser, openPage, requiresBrowser } from './browser.ts';

/** Where `npm run images` wants them; a test run makes them and throws them away. */
const ASKED = process.env['PHYSICS_BACKUP_IMAGES'];
const LARGEST_BYTES = 150_000;

let browser: Browser | undefined;
let directory = '';
beforeAll(async () => {
  browser = await openBrowser();
  directory = ASKED ?? (await mkdtemp(path.join(os.tmpdir(), 'images-')));
  await mkdir(directory, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  if (ASKED === undefined) await rm(directory, { recursive: true });
});
beforeEach(requiresBrowser);

const WIDE = { width: 1200, height: 820 };
const PHONE = { width: 390, height: 1120 };

describe('the pictures of the documentation', () => {
  test.each([
    ['dashboard-wide-light', healthySituation, 'light', WIDE],
    ['dashboard-wide-dark', brokenSituation, 'dark', WIDE],
    ['dashboard-phone-light', healthySituation, 'light', PHONE],
    ['dashboard-phone-dark', brokenSituation, 'dark', PHONE],
  ] as const)('%s is made, and is small', async (name, situation, colorScheme, viewport) => {
    await using monitor = await runMonitor(situation(), { clock: { now: () => MORNING } });
    await using shown = await openPage(browser, monitor.url, { colorScheme, viewport });
    const image = await shown.page.screenshot({ animations: 'disabled' });
    await writeFile(path.join(directory, `${name}.png`), image);
    expect(image.byteLength).toBeGreaterThan(10_000);
    expect(image.byteLength).toBeLessThan(LARGEST_BYTES);
    expect(shown.complaints).toEqual([]);
  });
});
