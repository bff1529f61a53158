import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Situation } from '../../src/model/situation.ts';
import { type RunningMonitor, runMonitor } from '../daemons/monitor/rig.ts';
import { conditionOf } from '../support/conditions.ts';
import {
  brokenSituation,
  firstDaySituation,
  healthySituation,
  MORNING,
  unmountedSituation,
} from '../support/situations.ts';
import { faintTexts, openBrowser, openPage, requiresBrowser, type WatchedPage } from './browser.ts';

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());
beforeEach(requiresBrowser);

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each[Symbol.asyncDispose]();
});

const STATES: Readonly<Record<string, () => Situation | Error>> = {
  healthy: healthySituation,
  broken: brokenSituation,
  new: firstDaySituation,
  unmounted: unmountedSituation,
  unknown: () => new Error('the backup volume does not answer'),
};
const NAMES = Object.keys(STATES);

async function monitorOf(found: Situation | Error): Promise<RunningMonitor> {
  const monitor = await runMonitor(found, { clock: { now: () => MORNING } });
  opened.push(monitor);
  return monitor;
}

async function show(found: Situation | Error, options: Parameters<typeof openPage>[2] = {}): Promise<WatchedPage> {
  const shown = await openPage(browser, (await monitorOf(found)).url, options);
  opened.push(shown);
  return shown;
}

function state(name: string): Situation | Error {
  const make = STATES[name];
  if (make === undefined) throw new Error(`no state ${name}`);
  return make();
}

async function unfold(page: Page): Promise<void> {
  for (const each of await page.locator('summary').all()) await each.click();
}

const WIDER_THAN_THE_WINDOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

describe('the dashboard', () => {
  test.each([
    ['healthy', 'Yes, we could recover now', 'Recoverable'],
    ['broken', 'No, we could not recover now', 'NOT recoverable'],
    ['unknown', 'We do not know whether we could recover', 'Not known'],
  ])('of a %s platform answers first of all: %s', async (name, answer, title) => {
    const { page, complaints } = await show(state(name));
    expect(await page.locator('h1').textContent()).toBe(answer);
    expect(await page.title()).toBe(`${title} · Backups`);
    const first = await page.locator('h1').boundingBox();
    expect(first?.y).toBeLessThan(300);
    expect(await page.locator('article.service').count()).toBe(4);
    expect(complaints).toEqual([]);
  });

  test('of a broken one says what needs a person, with the command that helps', async () => {
    const { page } = await show(brokenSituation());
    const needs = await page.locator('.need').allInnerTexts();
    expect(needs).toHaveLength(4);
    expect(needs[0]).toContain('physics-backup validate neo4j --level content');
    expect(await page.locator('.marks use.failed').count()).toBe(3);
    expect(await page.locator('#service-neo4j ~ .bad').allInnerTexts()).toEqual(['1 damaged', '1 missing']);
  });

  test('of an unknown one shows nothing as good', async () => {
    const { page } = await show(state('unknown'));
    expect(await page.locator('.badge.ok, .answer.ok, .quiet.ok, .calm').count()).toBe(0);
    expect(await page.getByText('Good').count()).toBe(0);
  });

  test('of what was seen before it went blind shows it, and nothing of it as good', async () => {
    const monitor = await monitorOf(healthySituation());
    await monitor.show(new Error('the backup volume does not answer'));
    const shown = await openPage(browser, monitor.url);
    opened.push(shown);
    expect(await shown.page.locator('.badge.ok, .answer.ok, .quiet.ok, .calm').count()).toBe(0);
    expect(await shown.page.locator('.seen').textContent()).toContain('is not vouched for');
    expect(await shown.page.locator('.facts').innerText()).toContain('23 Nov 02:00');
  });

  test('of a new one shows nothing as good of which there is none, and says the same of several services once', async () => {
    const { page } = await show(firstDaySituation());
    const weekly = page.locator('tr', { hasText: 'weekly' }).first();
    expect(await weekly.textContent()).toMatch(/None yet\s+none\s+–\s+–/);
    expect(await page.locator('.need').count()).toBe(1);
    expect(await page.locator('.need').textContent()).toContain('postgres, neo4j, redis, application: no scheduler');
    expect(await page.locator('.need code').count()).toBe(4);
  });

  test('of one whose backups cannot be read counts none of them', async () => {
    const { page } = await show(unmountedSituation());
    const rows = await page.locator('tbody tr').allTextContents();
    expect(rows.length).toBeGreaterThan(4);
    for (const each of rows) expect(each).toMatch(/Not known\s+not known\s+–\s+–.*–\s*$/s);
    expect(await page.locator('.service .ok').count()).toBe(0);
  });

  test('shows hostile text as text', async () => {
    const hostile = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e${alert(3)}`';
    const condition = conditionOf('hostile', { summary: hostile, hint: `'); ${hostile}` });
    const healthy = healthySituation();
    const volumes = [{ volume: hostile, health: 'ok', why: hostile } as const];
    const { page, complaints } = await show({ ...healthy, conditions: [condition], volumes });
    expect(await page.locator('.need p').first().textContent()).toBe(hostile);
    expect(await page.locator('img, #page script').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('says nothing by colour alone: each mark of health has a word, each word an outline of its own', async () => {
    const { page } = await show(brokenSituation());
    const badges = await page.locator('.badge:not(.none), .quiet').all();
    const outlines = new Map<string, string>();
    for (const each of badges) {
      const word = (await each.textContent())?.trim() ?? '';
      expect(word).not.toBe('');
      const outline = (await each.locator('use').getAttribute('href')) ?? '';
      outlines.set(outline, `${outlines.get(outline) ?? ''} ${word}`);
    }
    expect([...outlines.keys()].toSorted()).toEqual(['#critical', '#ok', '#unknown', '#warning']);
    expect(outlines.get('#ok')).not.toMatch(/Critical|Missed|Warning|Not known/);
  });
});

describe.each(NAMES)('a %s platform', (name) => {
  test('fits windows of every width, everything unfolded', async () => {
    const { page } = await show(state(name));
    await unfold(page);
    for (const width of [1280, 768, 390, 320]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate<number>(WIDER_THAN_THE_WINDOW), `${width} pixels`).toBe(0);
      expect(await page.locator('h1').isVisible()).toBe(true);
    }
  });

  test('has no text that is faint in a light scheme or a dark one', async () => {
    const { page } = await show(state(name));
    await unfold(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await faintTexts(page), colorScheme).toEqual([]);
    }
  });
});

describe('the schemes', () => {
  test('differ, and the check of contrast finds a text that is too faint', async () => {
    const { page } = await show(healthySituation());
    await page.locator('h1').evaluate<unknown, { style: { cssText: string } }>((heading) => {
      heading.style.cssText = 'color: rgb(128, 128, 128); background: rgb(120, 120, 120)';
    });
    const grounds: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      grounds.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
      expect(await faintTexts(page)).toEqual([expect.stringMatching(/^Yes, we could recover now 1\.\d+$/)]);
    }
    expect(new Set(grounds).size).toBe(2);
  });
});

describe('by keyboard', () => {
  test('everything that can be done is reached, in order, and seen', async () => {
    const { page } = await show(brokenSituation());
    await page.keyboard.press('Tab');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to the answer');
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#answer');
    const reached: string[] = [];
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press('Tab');
      const here = await page.evaluate<string>(
        `document.activeElement === document.body ? '' : document.activeElement.textContent.trim()`,
      );
      if (here === '') break;
      reached.push(here);
      expect(await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle'), here).toBe('solid');
    }
    expect(reached).toEqual([
      ...brokenSituation().conditions.map(({ hint }) => hint),
      ...['postgres', 'neo4j', 'redis', 'application'].map((each) => `Newest backups of ${each}`),
      'Newest of it as a list',
      'Metrics',
      'JSON',
      'API',
    ]);
  });

  test('what is folded is unfolded', async () => {
    const { page } = await show(healthySituation());
    await page.locator('#backups-redis summary').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#backups-redis li').first().innerText()).toContain('redis_daily_20261123_040000');
  });
});

describe('without scripts', () => {
  test('the page shows everything, and loads itself again', async () => {
    const { page } = await show(brokenSituation(), { javaScriptEnabled: false });
    expect(await page.locator('h1').textContent()).toBe('No, we could not recover now');
    expect(await page.locator('noscript meta, meta[http-equiv=refresh]').first().getAttribute('content')).toBe('60');
    await page.locator('#events summary').click();
    expect(await page.locator('#events li').first().innerText()).toContain('application_daily_20261123_050000');
  });
});

describe('with scripts', () => {
  const AGAIN = "document.dispatchEvent(new Event('visibilitychange'))";

  test('the page changes in place: what was unfolded stays so, and the focus where it was', async () => {
    const monitor = await monitorOf(healthySituation());
    const shown = await openPage(browser, monitor.url);
    opened.push(shown);
    const { page } = shown;
    await page.locator('#backups-redis summary').click();
    await page.locator('#events summary').focus();
    await monitor.show({ ...brokenSituation(), conditions: [] });
    await page.evaluate(AGAIN);
    await page.getByText('No, we could not recover now').waitFor();
    expect(await page.title()).toContain('NOT recoverable');
    expect(await page.locator('#backups-redis').getAttribute('open')).toBe('');
    expect(await page.evaluate<string>('document.activeElement.parentElement.id')).toBe('events');
    expect(shown.complaints).toEqual([]);
  });

  test('a monitor that is gone is said, and what is shown looks old', async () => {
    const monitor = await runMonitor(healthySituation());
    const shown = await openPage(browser, monitor.url);
    opened.push(shown);
    await monitor[Symbol.asyncDispose]();
    await shown.page.evaluate(AGAIN);
    await shown.page.getByText('The monitor has not answered since').waitFor();
    expect(await shown.page.locator('body.old').count()).toBe(1);
  });
});
