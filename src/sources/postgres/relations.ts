import type { Connection } from './connection.ts';

/** A relation whose rows (or, of a sequence, whose position) pg_dump writes. */
export interface DumpedRelation {
  readonly kind: 'table' | 'partitioned' | 'sequence';
  /** As SQL spells it, with its schema. */
  readonly name: string;
  /** Which rows, for a configuration table of an extension; empty for all. */
  readonly condition: string;
}

/** Schemas that are the user's. */
export const USER_SCHEMAS = `(SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')`;

/** True for what an extension brings along: pg_dump writes CREATE EXTENSION instead. */
export function isExtensionMember(catalogue: string, oid: string): string {
  return `EXISTS (SELECT FROM pg_depend m WHERE m.classid = '${catalogue}'::regclass AND m.objid = ${oid} AND m.deptype = 'e')`;
}

/**
 * What pg_dump writes by value: ordinary tables (leaves of partitioned ones too), sequences, and of extensions only
 * what they registered with pg_extension_config_dump. Not foreign tables and materialized views, which it does not.
 */
export const DUMPED_RELATIONS = `
  SELECT c.oid, c.relkind, c.relnamespace, format('%I.%I', n.nspname, c.relname) AS name, coalesce(config.condition, '') AS condition
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN (SELECT unnest(extconfig) AS oid, unnest(extcondition) AS condition FROM pg_extension) config
      ON config.oid = c.oid
   WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND c.relnamespace IN ${USER_SCHEMAS}
     AND (config.oid IS NOT NULL OR NOT ${isExtensionMember('pg_class', 'c.oid')})`;

const KINDS = { r: 'table', p: 'partitioned', S: 'sequence' } as const;

export async function dumpedRelations(connection: Connection): Promise<DumpedRelation[]> {
  const rows = await connection.query<{ relkind: keyof typeof KINDS; name: string; condition: string }>(
    `SELECT relkind, name, condition FROM (${DUMPED_RELATIONS}) AS dumped ORDER BY name`,
  );
  return rows.map(({ relkind, name, condition }) => ({ kind: KINDS[relkind], name, condition }));
}
