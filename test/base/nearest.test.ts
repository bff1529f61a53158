import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearest } from '../../src/base/nearest.ts';

test.each([
  ['bakup', 'backup', 1],
  ['postgers', 'postgres', 1],
  ['', 'abc', 3],
  ['same', 'same', 0],
  ['kitten', 'sitting', 3],
])('from %s to %s are %i edits', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
});

test('the distance is symmetric, and zero only for equal words', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
  );
});

test('the nearest word is offered, and none that is far', () => {
  expect(nearest('dialy', ['daily', 'weekly'])).toBe('daily');
  expect(nearest('DAILY', ['daily'])).toBe('daily');
  expect(nearest('fortnightly', ['daily', 'weekly'])).toBeUndefined();
  expect(nearest('all', ['redis', 'neo4j'])).toBeUndefined();
});
