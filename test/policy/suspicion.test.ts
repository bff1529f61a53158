import { expect, test } from 'vitest';
import { exact, expiring } from '../../src/model/facts.ts';
import { suspicions } from '../../src/policy/suspicion.ts';

test('a count that halved is suspect and named; small ones, growing ones, expiring ones and digests are not', () => {
  const before = { a: exact(1000), b: exact(19), c: exact(100), d: expiring(500), e: exact('digest') };
  expect(suspicions({ a: exact(499), b: exact(0), c: exact(200), d: expiring(0), e: exact('other') }, before)).toEqual([
    'a: 1000 before, 499 now',
  ]);
  expect(suspicions({ ...before, a: exact(500) }, before)).toEqual([]);
});

test('what is gone altogether counts as none', () => {
  expect(suspicions({}, { rows: exact(20) })).toEqual(['rows: 20 before, 0 now']);
});
