import { expect, test } from 'vitest';
import { differences } from '../../platform/fingerprint/compare.ts';
import { MultisetHash } from '../../platform/fingerprint/multiset.ts';

test('equal fingerprints do not differ, whatever their order', () => {
  expect(differences({ a: '1', b: '2' }, { b: '2', a: '1' })).toEqual([]);
});

test('says what is missing, what is new and what is other', () => {
  expect(differences({ gone: '1', kept: '2', other: '3' }, { kept: '2', new: '4', other: '5' })).toEqual([
    'gone: is missing (was 1)',
    'new: was not there (is 4)',
    'other: was 3, is 5',
  ]);
});

test('a thing with an empty value is not a missing thing', () => {
  expect(differences({ a: '' }, {})).toEqual(['a: is missing (was )']);
});

function hashOf(...elements: string[]): string {
  const hash = new MultisetHash();
  for (const element of elements) hash.add(element);
  return String(hash);
}

test('the hash of a collection depends on each element and how often it is there, not on the order', () => {
  expect(hashOf('a', 'b', 'b')).toBe(hashOf('b', 'a', 'b'));
  const others = [hashOf('a', 'b'), hashOf('a', 'a', 'b'), hashOf('ab', 'b', ''), hashOf('a', 'b', 'c'), hashOf()];
  expect(new Set([hashOf('a', 'b', 'b'), ...others]).size).toBe(6);
});
