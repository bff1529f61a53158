import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema';
import { API_ROUTES, type ApiRoute, answerSchema, QUESTIONS } from './api.ts';
import { NAMED_SCHEMAS } from './api-schema.ts';

type Json = Readonly<Record<string, unknown>>;

/** The description of the JSON API (OpenAPI 3.1), made of the same list and schemas that answer. */
export function openApiDocument(version: string, token: boolean): Json {
  const answers = API_ROUTES.map((route) => ({ route, id: `${capital(route.name)}Answer` }));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Physics Assistant Backup System: monitor',
      version,
      description: 'Read-only. Figures are of the last look; "sight" says how well they are known.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    ...(token ? { security: [{ bearer: [] }, { basic: [] }] } : {}),
    paths: {
      ...Object.fromEntries(answers.map(({ route, id }) => [route.path, { get: operationOf(route, id) }])),
      '/healthz': { get: plain('getHealth', 'Whether the monitor runs and looks', 'it hangs') },
      '/readyz': { get: plain('getReadiness', 'Whether what it says is current', 'nothing current is known') },
    },
    components: {
      schemas: schemasOf(answers),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, basic: { type: 'http', scheme: 'basic' } },
    },
  };
}

function operationOf(route: ApiRoute, answerId: string): Json {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => parameter(name, 'path'));
  const parameters = [...inPath, ...route.query.map((name) => parameter(name, 'query'))];
  return {
    operationId: route.name,
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: {
      200: { description: 'known', content: { 'application/json': { schema: reference(answerId) } } },
      400: refusal('a parameter is not allowed, or it is no request'),
      401: refusal('a token is needed'),
      ...(inPath.length === 0 ? {} : { 404: refusal('this platform has no such service') }),
      414: refusal('the address is too long'),
    },
  };
}

function parameter(name: string, place: 'path' | 'query'): Json {
  const { $schema: _, ...schema } = toJsonSchema(QUESTIONS[name as keyof typeof QUESTIONS], DIALECT);
  return { name, in: place, required: place === 'path', schema };
}

function plain(operationId: string, summary: string, otherwise: string): Json {
  const text = { 'text/plain': { schema: { type: 'string' } } };
  return {
    operationId,
    summary,
    security: [],
    responses: {
      200: { description: 'it is', content: text },
      400: refusal('it is no request'),
      414: refusal('the address is too long'),
      503: { description: otherwise, content: text },
    },
  };
}

function refusal(description: string): Json {
  return { description, content: { 'application/problem+json': { schema: reference('Problem') } } };
}

function reference(id: string): Json {
  return { $ref: referenceTo(id) };
}

function referenceTo(id: string): string {
  return `#/components/schemas/${id}`;
}

/** Of OpenAPI 3.1. */
const DIALECT: ConversionConfig = { target: 'draft-2020-12', ignoreActions: ['guard'] };

/** Each named schema once, with references as OpenAPI writes them. */
function schemasOf(answers: readonly { readonly route: ApiRoute; readonly id: string }[]): Json {
  const named = Object.fromEntries(answers.map(({ route, id }) => [id, answerSchema(route.schema)]));
  const overrideRef = ({ referenceId }: { readonly referenceId: string }): string => referenceTo(referenceId);
  return toJsonSchemaDefs({ ...NAMED_SCHEMAS, ...named }, { ...DIALECT, overrideRef });
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
