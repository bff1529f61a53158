import { expect, test } from 'vitest';
import { complaints, TOKEN } from './complaints.ts';
import type { Question } from './questions.ts';
import { answerIn, type WireAnswer } from './wire.ts';

const QUESTION: Question = {
  route: '/api/v1/volumes',
  method: 'GET',
  address: '/api/v1/volumes',
  host: 'x',
  headers: [],
  body: '',
};
const HEADERS = {
  'content-type': 'application/json',
  'content-security-policy': "default-src 'none'; img-src 'self'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
const GOOD = JSON.stringify({ sight: { state: 'none' }, data: [] });

interface Changes extends Partial<Omit<WireAnswer, 'headers'>> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly question?: Partial<Question>;
  readonly locked?: boolean;
}

function found({ question, locked = false, headers, ...answer }: Changes): string[] {
  const given = { status: 200, body: GOOD, ...answer, headers: new Map(Object.entries({ ...HEADERS, ...headers })) };
  return complaints({ question: { ...QUESTION, ...question }, answer: given, locked });
}

const problem = (status: number): string => JSON.stringify({ type: 'about:blank', title: 'x', status, detail: 'y' });
const PROBLEM_TYPE = { 'content-type': 'application/problem+json' };

test('nothing is complained of where all is well', () => {
  expect(found({})).toEqual([]);
  expect(found({ status: 401, headers: PROBLEM_TYPE, body: problem(401), locked: true })).toEqual([]);
  expect(found({ status: 503, headers: { 'content-type': 'text/plain' }, question: { route: '/readyz' } })).toEqual([]);
});

test.each<[string, Changes, string]>([
  ['another type', { body: JSON.stringify({ sight: { state: 'none' }, data: [{ volume: 1 }] }) }, 'its body is not'],
  ['one more field', { body: JSON.stringify({ sight: { state: 'none' }, data: [], more: 1 }) }, 'its body is not'],
  ['no JSON', { body: '{' }, 'its body is not'],
  ['HTML', { headers: { 'content-type': 'text/html' } }, 'its status is not'],
  ['a failure', { status: 500, headers: PROBLEM_TYPE, body: problem(500) }, 'its status is not'],
  [
    'a failure of anything',
    { status: 500, headers: PROBLEM_TYPE, question: { route: undefined } },
    'its status is not',
  ],
  ['no service of a route that has none', { status: 404, headers: PROBLEM_TYPE, body: problem(404) }, 'its status is'],
  ['a bare refusal', { status: 400, headers: { 'content-type': '' }, body: '' }, 'its body is not'],
  ['a path of this machine', { body: GOOD.replace('none', '/backups/redis') }, 'it tells'],
  ['a stack', { body: `${GOOD}\n    at monitorApp` }, 'it tells'],
  ['the token in a header', { headers: { 'www-authenticate': TOKEN } }, 'it tells'],
  ['a header that was slipped in', { headers: { 'x-evil': '1' } }, 'it tells'],
  ['an answer to HEAD', { question: { method: 'HEAD' } }, 'HEAD has'],
  ['something that was posted', { question: { method: 'POST' } }, 'a method'],
  ['no token', { locked: true }, 'it is open'],
  ['a cookie', { headers: { 'set-cookie': 'a=b' } }, 'other sites'],
  ['a weak policy', { headers: { 'content-security-policy': "default-src 'none'; x 'unsafe-inline'" } }, 'the content'],
  ['no policy', { headers: { 'content-security-policy': '' } }, 'the content'],
  ['frames', { headers: { 'x-frame-options': '' } }, 'a header'],
])('%s is found', (_, changes, complaint) => {
  expect(found(changes)).toContainEqual(expect.stringContaining(complaint));
});

test('what is no answer is not taken for one', () => {
  expect(answerIn('')).toBeUndefined();
  expect(() => answerIn('HTTP/1.1 200 OK\r\n')).toThrow('no answer');
  expect(() => answerIn('hello\r\n\r\n')).toThrow('no answer');
});
