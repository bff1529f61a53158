import { homedir } from 'node:os';
import { answerSchema, PROBLEM, ROUTES } from './description.ts';
import type { Question } from './questions.ts';
import type { WireAnswer } from './wire.ts';

export const TOKEN = 'a-token-that-nobody-guesses';

interface Exchange {
  readonly question: Question;
  readonly answer: WireAnswer;
  /** Whether a token is needed, and was not given. */
  readonly locked: boolean;
}

/** Refused before it was known what is asked for, and so in no description of an operation. */
const OF_ANY_REQUEST = [400, 405, 408, 413, 414, 431];
/** How a problem may end that is for no operation that is described. */
const OF_ANYTHING = [200, 401, 404, ...OF_ANY_REQUEST];

/** Secrets, where on this machine anything is, what the program is made of, and headers that were slipped in. */
const SECRET = new RegExp(
  String.raw`${TOKEN}|${homedir()}/|${process.cwd()}|/(?:tmp|home|usr|backups|secrets|state)/|/etc/passwd` +
    String.raw`|node_modules|file://|\.ts:\d|^ {4}at |node:internal|x-evil`,
  'im',
);

/** What holds for every answer, by what is said when it does not. */
const RULES: Readonly<Record<string, (exchange: Exchange) => boolean>> = {
  'it tells what nobody must know': ({ answer: { headers, body } }) =>
    !SECRET.test([...headers].flat().join('\n')) && !SECRET.test(body),
  'its status is not described': ({ question: { route }, answer }) =>
    route === undefined
      ? OF_ANYTHING.includes(answer.status)
      : OF_ANY_REQUEST.includes(answer.status) || answerSchema(route, answer.status, typeOf(answer)) !== undefined,
  'its body is not as described': (exchange) => isDescribed(exchange),
  'HEAD has a body': ({ question: { method }, answer: { status, body } }) =>
    method !== 'HEAD' || body === '' || status === 400, // of what could not be read, the method is not known either
  'it is open without the token': ({ question: { route }, answer, locked }) =>
    !locked || answer.status >= 400 || ROUTES.some((each) => each.open && each.path === route),
  'a method changes or does something': ({ question: { method }, answer: { status } }) =>
    method === 'GET' || method === 'HEAD' || status >= 400,
  'other sites may use it': ({ answer: { headers } }) =>
    !headers.has('access-control-allow-origin') && !headers.has('set-cookie'),
  'the content policy is not strict': ({ answer: { headers } }) => {
    const policy = headers.get('content-security-policy') ?? '';
    return policy.startsWith("default-src 'none'; ") && !policy.includes('unsafe');
  },
  'a header of security is missing': ({ answer: { headers } }) =>
    SECURITY.every(([name, value]) => headers.get(name) === value),
};

const SECURITY = [
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
] as const;

/** What is wrong with an answer; [] when it is as it should be. */
export function complaints(exchange: Exchange): string[] {
  return Object.entries(RULES)
    .filter(([, holds]) => !holds(exchange))
    .map(([complaint]) => complaint);
}

function isDescribed({ question: { method, route }, answer }: Exchange): boolean {
  if (method === 'HEAD' && answer.body === '') return true;
  const type = typeOf(answer);
  if (answer.status >= 400 && type !== 'text/plain')
    return type === 'application/problem+json' && PROBLEM.safeParse(parsed(answer.body)).success;
  if (route === undefined) return answer.status === 200;
  const body = type === 'text/plain' ? answer.body : parsed(answer.body);
  return answerSchema(route, answer.status, type)?.safeParse(body).success === true;
}

function typeOf({ headers }: WireAnswer): string {
  return headers.get('content-type')?.split(';')[0] ?? '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
