import * as v from 'valibot';
import type { ServiceSituation, Situation } from '../../model/situation.ts';
import { BACKUP_TYPES, SERVICES } from '../../model/vocabulary.ts';
import {
  backupSchema,
  conditionSchema,
  recoverySchema,
  runSchema,
  serviceSchema,
  sightSchema,
  situationSchema,
  volumeSchema,
} from './api-schema.ts';
import type { Sight } from './looks.ts';

/** What a question may say; anything else is refused. */
export const QUESTIONS = {
  service: v.picklist(SERVICES),
  type: v.picklist(BACKUP_TYPES),
  limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)),
} as const;

interface Question {
  readonly service?: (typeof SERVICES)[number];
  readonly type?: (typeof BACKUP_TYPES)[number];
  readonly limit?: number;
}

/** One question that can be asked of the monitor. */
export interface ApiRoute {
  /** As OpenAPI writes it. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  /** Which of the questions may be asked beside those of the path. */
  readonly query: readonly ('type' | 'limit')[];
  /** Of `data` in the answer. */
  readonly schema: v.GenericSchema;
  /** Undefined: there is no such thing on this platform. */
  readonly answer: (situation: Situation, question: Question) => unknown;
}

export const API_ROUTES: readonly ApiRoute[] = [
  {
    path: '/api/v1/situation',
    name: 'getSituation',
    summary: 'All that is known of the platform',
    query: [],
    schema: situationSchema,
    answer: (situation) => situation,
  },
  {
    path: '/api/v1/recovery',
    name: 'getRecovery',
    summary: 'Whether it could be recovered now, to when, in how long',
    query: [],
    schema: recoverySchema,
    answer: ({ recovery }) => recovery,
  },
  {
    path: '/api/v1/conditions',
    name: 'listConditions',
    summary: 'What needs a person, worst first, with the command that helps',
    query: [],
    schema: v.array(conditionSchema),
    answer: ({ conditions }) => conditions,
  },
  {
    path: '/api/v1/volumes',
    name: 'listVolumes',
    summary: 'Use of the volumes',
    query: [],
    schema: v.array(volumeSchema),
    answer: ({ volumes }) => volumes,
  },
  {
    path: '/api/v1/services',
    name: 'listServices',
    summary: 'What is known of each service',
    query: [],
    schema: v.array(serviceSchema),
    answer: ({ services }) => services,
  },
  {
    path: '/api/v1/services/{service}',
    name: 'getService',
    summary: 'What is known of one service',
    query: [],
    schema: serviceSchema,
    answer: (situation, question) => find(situation, question),
  },
  {
    path: '/api/v1/services/{service}/backups',
    name: 'listBackups',
    summary: 'Its newest backups, newest last',
    query: ['type', 'limit'],
    schema: v.array(backupSchema),
    answer: (situation, question) => newest(find(situation, question)?.backups, question),
  },
  {
    path: '/api/v1/services/{service}/runs',
    name: 'listRuns',
    summary: 'How its newest runs ended, newest last',
    query: ['type', 'limit'],
    schema: v.array(runSchema),
    answer: (situation, question) => newest(find(situation, question)?.runs, question),
  },
];

function find({ services }: Situation, { service }: Question): ServiceSituation | undefined {
  return services.find((each) => each.service === service);
}

const USUAL_LIMIT = 50;

function newest<T extends { readonly type?: string }>(
  all: readonly T[] | undefined,
  { type, limit = USUAL_LIMIT }: Question,
): readonly T[] | undefined {
  return all?.filter((each) => type === undefined || each.type === type).slice(-limit);
}

/** What every answer is. */
export function answerSchema(data: v.GenericSchema): v.GenericSchema {
  return v.strictObject({ sight: sightSchema, data });
}

/** A question that cannot be answered: why, and as which status. */
export interface Refusal {
  readonly status: 400 | 404;
  readonly detail: string;
}

/** The question that a request asks, or what is wrong with it. */
export function parseQuestion(
  route: ApiRoute,
  parts: Readonly<Record<string, string>>,
  query: URLSearchParams,
): Question | Refusal {
  const service = v.safeParse(QUESTIONS.service, parts['service']);
  if (route.path.includes('{service}') && !service.success) return { status: 404, detail: 'there is no such service' };
  const parsed: Record<string, unknown> = service.success ? { service: service.output } : {};
  for (const name of new Set(query.keys())) {
    const texts = query.getAll(name);
    const known = route.query.find((each) => each === name);
    if (known === undefined) return { status: 400, detail: 'there is a parameter that this address does not have' };
    const [text = ''] = texts;
    const result = v.safeParse(QUESTIONS[known], known === 'limit' && /^\d+$/.test(text) ? Number(text) : text);
    if (!result.success || texts.length > 1) return { status: 400, detail: `"${known}" has no value that is allowed` };
    parsed[known] = result.output;
  }
  return parsed;
}

/** The document of an answer. */
export function answerOf({ state, ageSeconds, why }: Sight, data: unknown): string {
  const sight = {
    state,
    ...(ageSeconds === undefined ? {} : { ageSeconds: Math.round(ageSeconds * 10) / 10 }),
    ...(why === undefined ? {} : { why }),
  };
  return `${JSON.stringify({ sight, data })}\n`;
}
