import { z } from 'zod';
import { openApiDocument } from '../../../../src/daemons/monitor/openapi.ts';

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly schema: { readonly enum?: readonly string[] } }[];
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>>;
  readonly security?: readonly unknown[];
}
interface Description {
  readonly paths: Readonly<Record<string, { readonly get: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const DESCRIPTION = openApiDocument('1.2.3', true) as unknown as Description;

/** What may be asked of the monitor, by its own description. */
export interface DescribedRoute {
  readonly path: string;
  /** What may stand in the path; one that stands nowhere, where it has no such part. */
  readonly services: readonly string[];
  /** Whether it is answered without a token. */
  readonly open: boolean;
}

export const ROUTES: readonly DescribedRoute[] = Object.entries(DESCRIPTION.paths).map(([path, { get }]) => ({
  path,
  services: get.parameters?.find((each) => each.in === 'path')?.schema.enum ?? ['-'],
  open: get.security?.length === 0,
}));

/** An answer of this status and type to this route, by the description; undefined: there is none. */
export function answerSchema(path: string, status: number, type: string): z.ZodType | undefined {
  return SCHEMAS.get(`${path} ${status} ${type}`);
}

const SCHEMAS = new Map(
  Object.entries(DESCRIPTION.paths).flatMap(([path, { get }]) =>
    Object.entries(get.responses).flatMap(([status, { content }]) =>
      Object.entries(content).map(([type, { schema }]) => [`${path} ${status} ${type}`, zodOf(schema)] as const),
    ),
  ),
);

/** An error of any route. */
export const PROBLEM = zodOf(DESCRIPTION.components.schemas['Problem'] ?? {});

function zodOf(schema: object): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: DESCRIPTION.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as never);
}
