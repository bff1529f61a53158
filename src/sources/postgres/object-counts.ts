import { exact, type Facts } from '../../model/facts.ts';
import type { Connection } from './connection.ts';
import { lockingNothing } from './facts.ts';
import { isExtensionMember, USER_SCHEMAS } from './relations.ts';

const USER_RELATION = `c.relnamespace IN ${USER_SCHEMAS} AND NOT ${isExtensionMember('pg_class', 'c.oid')}`;
const OF_USER_RELATION = (column: string): string =>
  `${column} IN (SELECT c.oid FROM pg_class c WHERE ${USER_RELATION})`;

/** Objects of a catalogue that lie in a schema. */
function inSchemas(catalogue: string, namespace: string): string {
  return `FROM ${catalogue} o WHERE o.${namespace} IN ${USER_SCHEMAS} AND NOT ${isExtensionMember(catalogue, 'o.oid')}`;
}

/** Objects of a catalogue that lie in no schema; oids below 16384 belong to initdb. */
function ofDatabase(catalogue: string): string {
  return `FROM ${catalogue} o WHERE o.oid >= 16384 AND NOT ${isExtensionMember(catalogue, 'o.oid')}`;
}

function relations(kinds: string): string {
  return `FROM pg_class c WHERE c.relkind IN (${kinds}) AND c.relpersistence <> 't' AND ${USER_RELATION}`;
}

/** Comments that pg_dump leaves out, or that come and go with their parents': on what is temporary or inherited. */
const UNWRITTEN_COMMENT = `
  EXISTS (SELECT FROM pg_class t WHERE t.relpersistence = 't' AND d.classoid = 'pg_class'::regclass AND t.oid = d.objoid)
  OR EXISTS (SELECT FROM pg_depend m JOIN pg_class t ON t.oid = m.refobjid AND m.refclassid = 'pg_class'::regclass
              WHERE t.relpersistence = 't' AND m.classid = d.classoid AND m.objid = d.objoid)
  OR EXISTS (SELECT FROM pg_constraint o WHERE o.oid = d.objoid AND d.classoid = 'pg_constraint'::regclass
              AND (o.conparentid <> 0 OR NOT o.conislocal))
  OR EXISTS (SELECT FROM pg_trigger o WHERE o.oid = d.objoid AND d.classoid = 'pg_trigger'::regclass AND o.tgparentid <> 0)`;

/** Every kind of object that pg_dump writes, and how to count it without an extension's own. */
const KINDS: Readonly<Record<string, string>> = {
  aggregates: `${inSchemas('pg_proc', 'pronamespace')} AND o.prokind = 'a'`,
  casts: ofDatabase('pg_cast'),
  collations: inSchemas('pg_collation', 'collnamespace'),
  columns: `FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
             WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND ${USER_RELATION}`,
  comments: `FROM pg_description d WHERE d.objoid >= 16384 AND d.classoid NOT IN ('pg_extension'::regclass, 'pg_largeobject'::regclass)
              AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = d.classoid AND m.objid = d.objoid AND m.deptype = 'e')
              AND NOT (${UNWRITTEN_COMMENT})`,
  'composite types': relations(`'c'`),
  constraints: `FROM pg_constraint o WHERE o.contype IN ('c', 'f', 'p', 'u', 'x', 't') AND o.connamespace IN ${USER_SCHEMAS}
                 AND (o.conrelid = 0 OR ${OF_USER_RELATION('o.conrelid')}) AND NOT ${isExtensionMember('pg_type', 'o.contypid')}`,
  'default privileges': 'FROM pg_default_acl',
  defaults: `FROM pg_attrdef o WHERE ${OF_USER_RELATION('o.adrelid')}`,
  domains: `${inSchemas('pg_type', 'typnamespace')} AND o.typtype = 'd'`,
  'enum labels': `FROM pg_enum l JOIN pg_type o ON o.oid = l.enumtypid WHERE o.typnamespace IN ${USER_SCHEMAS} AND NOT ${isExtensionMember('pg_type', 'o.oid')}`,
  enums: `${inSchemas('pg_type', 'typnamespace')} AND o.typtype = 'e'`,
  'event triggers': ofDatabase('pg_event_trigger'),
  extensions: 'FROM pg_extension',
  'foreign servers': ofDatabase('pg_foreign_server'),
  'foreign tables': relations(`'f'`),
  functions: `${inSchemas('pg_proc', 'pronamespace')} AND o.prokind <> 'a'`,
  // without what a CREATE INDEX CONCURRENTLY that failed left behind
  indexes: `FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
             WHERE (i.indisvalid OR t.relkind = 'p') AND i.indisready AND ${OF_USER_RELATION('i.indrelid')}`,
  'materialized views': relations(`'m'`),
  operators: inSchemas('pg_operator', 'oprnamespace'),
  'partitioned tables': relations(`'p'`),
  policies: `FROM pg_policy o WHERE ${OF_USER_RELATION('o.polrelid')}`,
  publications: ofDatabase('pg_publication'),
  ranges: `${inSchemas('pg_type', 'typnamespace')} AND o.typtype = 'r'`,
  rules: `FROM pg_rewrite o WHERE o.rulename <> '_RETURN' AND ${OF_USER_RELATION('o.ev_class')}`,
  schemas: `FROM pg_namespace o WHERE o.oid IN ${USER_SCHEMAS} AND NOT ${isExtensionMember('pg_namespace', 'o.oid')}`,
  sequences: relations(`'S'`),
  statistics: inSchemas('pg_statistic_ext', 'stxnamespace'),
  tables: relations(`'r'`),
  'tables with row security': `${relations(`'r', 'p'`)} AND c.relrowsecurity`,
  'tables with forced row security': `${relations(`'r', 'p'`)} AND c.relforcerowsecurity`,
  'text search configurations': inSchemas('pg_ts_config', 'cfgnamespace'),
  'text search dictionaries': inSchemas('pg_ts_dict', 'dictnamespace'),
  triggers: `FROM pg_trigger o WHERE NOT o.tgisinternal AND ${OF_USER_RELATION('o.tgrelid')}`,
  views: relations(`'v'`),
};

/** What a dump of the schema alone leaves out. */
const KINDS_OF_DATA: Readonly<Record<string, string>> = {
  'comments on large objects': `FROM pg_description d WHERE d.classoid = 'pg_largeobject'::regclass`,
  'large objects': 'FROM pg_largeobject_metadata',
};

/** `objects <kind>`; the same catalogue queries for a database and its copy. */
export async function objectFacts(connection: Connection, withData: boolean): Promise<Facts> {
  const kinds = { ...KINDS, ...(withData ? KINDS_OF_DATA : {}) };
  const counts = Object.entries(kinds).map(
    ([kind, from]) => `SELECT '${kind}' AS kind, count(*)::int AS count ${from}`,
  );
  const rows = await lockingNothing<{ kind: string; count: number }>(connection, counts.join('\nUNION ALL\n'));
  return Object.fromEntries(rows.map(({ kind, count }) => [`objects ${kind}`, exact(count)]));
}
