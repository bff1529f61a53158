import { expect, test } from 'vitest';
import { countOf, parseAmount } from '../../platform/data/amount.ts';

test('reads names and numbers', () => {
  expect(parseAmount('tiny')).toEqual({ scale: 1, seed: 1 });
  expect(parseAmount('large', 5).scale).toBeGreaterThan(parseAmount('medium', 5).scale);
  expect(parseAmount('2.5', -3)).toEqual({ scale: 2.5, seed: -3 });
});

test.each(['', 'huge', '0', '-1', 'NaN', 'Infinity'])('refuses the size "%s"', (size) => {
  expect(() => parseAmount(size)).toThrow(RangeError);
});

test('refuses a seed that is not an integer', () => {
  expect(() => parseAmount('tiny', 0.5)).toThrow(RangeError);
});

test('counts grow with the scale and are never 0', () => {
  expect(countOf({ scale: 3, seed: 1 }, 20)).toBe(60);
  expect(countOf({ scale: 0.001, seed: 1 }, 20)).toBe(1);
});
