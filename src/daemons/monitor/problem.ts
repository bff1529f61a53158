/** An error as a document (RFC 9457): what the caller may know of it, and nothing about this machine. */
export function problem(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Response {
  const title = TITLES[status] ?? 'Error';
  return new Response(`${JSON.stringify({ type: 'about:blank', title, status, detail })}\n`, {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  414: 'URI Too Long',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
