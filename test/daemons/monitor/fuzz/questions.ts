import { type Arbitrary, array, constant, constantFrom, oneof, option, record, string } from 'fast-check';

/** A request, and what of the description it is for. */
export interface Question {
  /** As the description writes it; undefined where what is asked for may be anything. */
  readonly route: string | undefined;
  readonly method: string;
  readonly address: string;
  readonly host: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** What reaches past directories, ends lines, is no UTF-8, no number, a name of JavaScript's own, markup, or long. */
const HOSTILE =
  `.. %2e%2e ..%2f..%2fetc%2fpasswd ../../../../etc/passwd ....// %00 %0d%0aX-Evil:%201 % %zz %c0%ae%c0%ae %F0%9F%98%80 ü
  __proto__ constructor hasOwnProperty -1 0 1e999 201 NaN null '%20OR%201=1-- <script>alert(1)</script> \${7*7} {{7*7}}
  // ; ?? & = # [] {service} :service * \\ | \u{1F600}`
    .split(/\s+/)
    .concat('', ' ', 'a'.repeat(3000));

export const word: Arbitrary<string> = oneof(
  constantFrom(...HOSTILE),
  string({ unit: 'binary', maxLength: 20 }).map((each) => encodeURIComponent(each.toWellFormed())),
  string({ maxLength: 20 }).map((each) => each.replaceAll(/\s/g, '')),
);

function mostly(...usual: readonly string[]): Arbitrary<string> {
  return oneof({ arbitrary: constantFrom(...usual), weight: 4 }, { arbitrary: word, weight: 1 });
}

const query: Arbitrary<string> = array(
  record({ name: mostly('type', 'limit', 'service'), value: mostly('daily', 'hourly', '1', '50', '200') }),
  { maxLength: 2 },
).map((all) => (all.length === 0 ? '' : `?${all.map(({ name, value }) => `${name}=${value}`).join('&')}`));

const METHODS = 'HEAD POST PUT DELETE OPTIONS TRACE CONNECT PATCH PURGE get M-SEARCH'.split(' ');
const method = oneof({ arbitrary: constant('GET'), weight: 4 }, { arbitrary: constantFrom(...METHODS), weight: 1 });

const HEADERS = [
  'Range: bytes=0-1',
  'Accept: image/png',
  'Accept-Encoding: gzip, br',
  'If-None-Match: *',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked, identity',
  'Content-Length: 5',
  'Content-Length: -1',
  'Expect: 100-continue',
  'Expect: the-unexpected',
  'Connection: upgrade',
  'Upgrade: h2c',
  'X-Forwarded-Host: evil',
  'X-HTTP-Method-Override: DELETE',
  'Origin: https://evil.example',
  'Cookie: a=b',
  'Host: another',
  'Authorization: Bearer x',
  'Authorization: Basic %%%',
  'Authorization: Basic YTpi',
  ' folded: header',
  'no colon',
];
const header: Arbitrary<string> = oneof(
  constantFrom(...HEADERS),
  record({ name: constantFrom('X-A', 'Cookie', 'Referer', 'Accept-Language'), value: word }).map(
    ({ name, value }) => `${name}: ${value}`,
  ),
);

const surroundings = {
  method,
  host: mostly('localhost', '127.0.0.1:8084', '[::1]', 'backup.example'),
  headers: option(header, { nil: undefined, freq: 2 }).map((each) => (each === undefined ? [] : [each])),
  body: oneof(constantFrom('', '', 'hello', '5\r\nhello\r\n0\r\n\r\n'), string({ maxLength: 50 })),
};

/** Questions for this route, with all that may stand in it and what may not. */
export function questionsFor(route: string, services: readonly string[]): Arbitrary<Question> {
  const address = record({ service: constantFrom(...services), query }).map(
    ({ service, query: asked }) => route.replace('{service}', service) + asked,
  );
  return record({ route: constant(route), address, ...surroundings });
}

/** Questions for what need not be there. */
export const questionsForAnything: Arbitrary<Question> = record({
  route: constant(undefined),
  address: oneof(
    array(word, { maxLength: 4 }).map((words) => `/${words.join('/')}`),
    record({ start: mostly('/api/v1/services/', '/api/v1/', '/assets/', '/healthz/', '/'), word }).map(
      (each) => each.start + each.word,
    ),
    constantFrom('*', 'http://evil.example/', '', 'localhost:80'),
  ),
  ...surroundings,
});

/** What is sent: whatever the others say, the connection ends with the answer. */
export function bytesOf({ method: verb, address, headers, body, host }: Question, authorization?: string): string {
  const lines = [`${verb} ${address} HTTP/1.1`, `Host: ${host}`, ...headers];
  if (authorization !== undefined) lines.push(`Authorization: ${authorization}`);
  return `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`;
}
