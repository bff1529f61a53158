import { type Context, Hono } from 'hono';
import type { Clock } from '../../base/clock.ts';
import { API_ROUTES, answerOf, type ApiRoute, parseQuestion } from './api.ts';
import { ASSETS } from './dashboard/assets.ts';
import { dashboardPage } from './dashboard/page.ts';
import { readOnly, securityHeaders, tokenGuard } from './guard.ts';
import { EXPOSITION_TYPE } from './exposition.ts';
import type { Looks } from './looks.ts';
import { metricsText } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { problem } from './problem.ts';

export interface AppParts {
  readonly looks: Looks;
  readonly clock: Clock;
  readonly version: string;
  /** Undefined: nobody is asked for one. */
  readonly token: string | undefined;
  /** Details of what went wrong, for the log alone. */
  readonly note: (message: string, error: Error) => void;
}

/** Answered without a token: they say nothing but how the monitor itself is. */
const OPEN = ['/healthz', '/readyz'];

/** All that the monitor answers. */
export function monitorApp(parts: AppParts): Hono {
  const app = new Hono();
  app.use(securityHeaders, readOnly);
  if (parts.token !== undefined) app.use(tokenGuard(parts.token, OPEN));
  app.notFound(() => problem(404, 'there is nothing here'));
  app.onError((error) => {
    parts.note('a request failed', error);
    return problem(500, 'this failed; the log says why');
  });
  addProbes(app, parts);
  addMetrics(app, parts);
  addApi(app, parts);
  addDashboard(app, parts);
  return app;
}

function addProbes(app: Hono, { looks }: AppParts): void {
  app.get('/healthz', (context) => (looks.hangs ? context.text('hangs\n', 503) : context.text('ok\n')));
  app.get('/readyz', (context) =>
    looks.sight().state === 'current' ? context.text('ok\n') : context.text('nothing current is known\n', 503),
  );
}

/** Of a sight that nothing vouches for any more there are no figures: Prometheus must not go on with old ones. */
function addMetrics(app: Hono, { looks }: AppParts): void {
  app.get('/metrics', () => {
    const { lastSuccess, lastSeconds, failure, observerFailures } = looks.totals;
    const own = {
      ...(lastSuccess === undefined ? {} : { lastLook: lastSuccess }),
      ...(lastSeconds === undefined ? {} : { lookSeconds: lastSeconds }),
      errors: failure + observerFailures,
    };
    const text = metricsText(looks.vouchedFor(), own, looks.now());
    return new Response(text, { headers: { 'content-type': EXPOSITION_TYPE } });
  });
}

function addApi(app: Hono, { looks, version, token }: AppParts): void {
  const document = `${JSON.stringify(openApiDocument(version, token !== undefined))}\n`;
  app.get('/api/openapi.json', () => json(document));
  for (const route of API_ROUTES)
    app.get(route.path.replaceAll(/\{(\w+)\}/g, ':$1'), (context) => answer(route, context, looks));
}

function answer(route: ApiRoute, { req }: Context, looks: Looks): Response {
  const question = parseQuestion(route, req.param(), req.queries());
  if ('detail' in question) return problem(question.status, question.detail);
  const sight = looks.sight();
  const data = route.answer(sight.situation, question);
  return data === undefined ? problem(404, 'this platform has no such service') : json(answerOf(sight, data));
}

function json(document: string): Response {
  return new Response(document, { headers: { 'content-type': 'application/json' } });
}

/** Named by their contents, so that they may be kept. */
const KEEP = { 'cache-control': 'public, max-age=31536000, immutable' };

function addDashboard(app: Hono, { looks, version, clock }: AppParts): void {
  app.get('/', () => {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    return new Response(dashboardPage(looks.sight(), version, clock.now()), { headers });
  });
  for (const { path, type, content } of ASSETS)
    app.get(path, () => new Response(content, { headers: { 'content-type': type, ...KEEP } }));
}
