/** What a client asks, as far as any answer depends on it. */
export interface Asked {
  readonly method: string;
  /** As it was sent, without the query: nothing of ours has a character that must be escaped. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** How long the address was. */
  readonly addressLength: number;
  readonly authorization: string | undefined;
}

/** Made as a whole before any of it is sent. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Respond = (asked: Asked) => Answer;

export function good(type: string, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': type, ...headers }, body };
}

/** A word for a probe. */
export function plain(body: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

/** An error as a document (RFC 9457): what the caller may know of it, and nothing about this machine. */
export function problem(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const title = TITLES[status] ?? 'Error';
  const body = `${JSON.stringify({ type: 'about:blank', title, status, detail })}\n`;
  return { status, headers: { 'content-type': 'application/problem+json', ...headers }, body };
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
