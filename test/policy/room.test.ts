import { expect, test } from 'vitest';
import { leastBytes } from '../../src/policy/room.ts';

test.each([
  ['the first backup, of data that may compress well', 1000, undefined, 100],
  ['as large as the last one', 1000, 400, 400],
  ['data that shrank since', 300, 400, 300],
  ['live data whose size cannot be told', 0, 400, 400],
  ['nothing known', 0, undefined, 0],
])('%s', (_, live, last, least) => {
  expect(leastBytes(live, last)).toBe(least);
});
