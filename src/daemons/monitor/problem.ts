/** An error as a document (RFC 9457): what the caller may know of it, and nothing about this machine. */
export function problem(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(problemText(status, detail), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}

/** The document alone. */
export function problemText(status: number, detail: string): string {
  const title = TITLES[status] ?? 'Error';
  return `${JSON.stringify({ type: 'about:blank', title, status, detail })}\n`;
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
