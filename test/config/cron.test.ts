import { expect, test } from 'vitest';
import { isCron } from '../../src/config/cron.ts';

test.each(['0 2 * * *', '*/5 * * * *', '0 0 1 jan sun', '0,30 8-18 * * 1-5', '59 23 31 12 7', '0 0-12/2 * * mon,wed'])(
  '%s is a schedule',
  (text) => {
    expect(isCron(text)).toBe(true);
  },
);

test.each([
  '',
  '* * * *',
  '* * * * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * * 13 *',
  '* * * * 8',
  '5-1 * * * *',
  '*/0 * * * *',
  '@daily',
  'a * * * *',
  '1- * * * *',
  '1-2-3 * * * *',
  ', * * * *',
])('"%s" is none', (text) => {
  expect(isCron(text)).toBe(false);
});
