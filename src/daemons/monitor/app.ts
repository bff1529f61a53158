import type { Clock } from '../../base/clock.ts';
import { asError } from '../../base/errors.ts';
import { API_ROUTES, answerOf, type ApiRoute, parseQuestion } from './api.ts';
import { ASSETS } from './dashboard/assets.ts';
import { dashboardPage } from './dashboard/page.ts';
import { type Answer, type Asked, good, plain, problem, type Respond } from './exchange.ts';
import { EXPOSITION_TYPE } from './exposition.ts';
import { type Guard, readOnly, secure, tokenGuard } from './guard.ts';
import type { Looks } from './looks.ts';
import { metricsText } from './metrics.ts';
import { openApiDocument } from './openapi.ts';

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

/** What is answered at one address. */
interface Route {
  /** As OpenAPI writes it: `/api/v1/services/{service}`. */
  readonly path: string;
  readonly answer: (asked: Asked, parts: Readonly<Record<string, string>>) => Answer;
}

/** All that the monitor answers. */
export function monitorApp(parts: AppParts): Respond {
  const guards: Guard[] = [readOnly, ...(parts.token === undefined ? [] : [tokenGuard(parts.token, OPEN)])];
  const routes = [...probes(parts), metrics(parts), ...api(parts), ...dashboard(parts)].map(withPattern);
  const answer = (asked: Asked): Answer => {
    for (const guard of guards) {
      const refusal = guard(asked);
      if (refusal !== undefined) return refusal;
    }
    for (const route of routes) {
      const found = route.pattern.exec(asked.path);
      if (found !== null) return route.answer(asked, found.groups ?? {});
    }
    return problem(404, 'there is nothing here');
  };
  return (asked) => {
    try {
      return secure(answer(asked));
    } catch (error) {
      parts.note('a request failed', asError(error));
      return secure(problem(500, 'this failed; the log says why'));
    }
  };
}

function withPattern(route: Route): Route & { readonly pattern: RegExp } {
  const pattern = RegExp.escape(route.path).replaceAll(/\\\{(\w+)\\\}/g, '(?<$1>[^/]+)');
  return { ...route, pattern: new RegExp(`^${pattern}$`) };
}

function probes({ looks }: AppParts): Route[] {
  return [
    { path: '/healthz', answer: () => (looks.hangs ? plain('hangs\n', 503) : plain('ok\n')) },
    {
      path: '/readyz',
      answer: () => (looks.sight().state === 'current' ? plain('ok\n') : plain('nothing current is known\n', 503)),
    },
  ];
}

/** Of a sight that nothing vouches for any more there are no figures: Prometheus must not go on with old ones. */
function metrics({ looks }: AppParts): Route {
  const answer = (): Answer => {
    const { lastSuccess, lastSeconds, failure, observerFailures } = looks.totals;
    const own = {
      ...(lastSuccess === undefined ? {} : { lastLook: lastSuccess }),
      ...(lastSeconds === undefined ? {} : { lookSeconds: lastSeconds }),
      errors: failure + observerFailures,
    };
    return good(EXPOSITION_TYPE, metricsText(looks.vouchedFor(), own, looks.now()));
  };
  return { path: '/metrics', answer };
}

function api({ looks, version, token }: AppParts): Route[] {
  const document = `${JSON.stringify(openApiDocument(version, token !== undefined))}\n`;
  return [
    { path: '/api/openapi.json', answer: () => json(document) },
    ...API_ROUTES.map((route) => ({
      path: route.path,
      answer: (asked: Asked, parts: Readonly<Record<string, string>>) => apiAnswer(route, asked, parts, looks),
    })),
  ];
}

function apiAnswer(route: ApiRoute, { query }: Asked, parts: Readonly<Record<string, string>>, looks: Looks): Answer {
  const question = parseQuestion(route, parts, query);
  if ('detail' in question) return problem(question.status, question.detail);
  const sight = looks.sight();
  const data = route.answer(sight.situation, question);
  return data === undefined ? problem(404, 'this platform has no such service') : json(answerOf(sight, data));
}

function json(document: string): Answer {
  return good('application/json', document);
}

/** Named by their contents, so that they may be kept. */
const KEEP = { 'cache-control': 'public, max-age=31536000, immutable' };

function dashboard({ looks, version, clock }: AppParts): Route[] {
  const page = (): Answer => good('text/html; charset=utf-8', dashboardPage(looks.sight(), version, clock.now()));
  return [
    { path: '/', answer: page },
    ...ASSETS.map(({ path, type, content }) => ({ path, answer: () => good(type, content, KEEP) })),
  ];
}
