import type { Client } from 'pg';
import type { Environment } from '../../clients/environment.ts';
import { pgDump } from '../../clients/postgres.ts';
import type { Fingerprint } from '../fingerprint.ts';
import { shortHash } from '../multiset.ts';

const HEADING = /^--\n-- Name: (?<name>.*); Type: (?<type>[A-Z ]+); Schema: (?<schema>.*); Owner: (?<owner>.*)\n--\n/m;
/** Servers from 15.20 on keep a number of their own among a column's options; only a pg_dump as new leaves it out. */
const OWN_OPTION = /^ALTER TABLE ONLY .* SET \(pg_attver=\d+\);\n*/gm;
const SETTING = /^SET (default_tablespace|default_table_access_method) = .*;\n/gm;

/** What `pg_dump --schema-only` prints, object by object, whatever their order; grants sorted by line. */
export async function fingerprintCatalogue(environment: Environment): Promise<Fingerprint> {
  const dump = await pgDump(environment, ['--schema-only', '--no-sync']);
  const result: Fingerprint = {};
  for (const [name, statement] of objectsOf(dump)) result[name] = shortHash(`${result[name] ?? ''}${statement}`);
  return result;
}

/** The objects of a dump in plain text, each with its owner and statements. */
function objectsOf(dump: string): [name: string, statement: string][] {
  const parts = dump.split(new RegExp(`(?=${HEADING.source})`, 'm'));
  return parts.flatMap((part): [string, string][] => {
    const heading = HEADING.exec(part);
    if (heading?.groups === undefined) return []; // what precedes the first: settings and the version
    const { name, type, schema, owner } = heading.groups as Record<'name' | 'type' | 'schema' | 'owner', string>;
    const statement = part.slice(heading[0].length).replace(/\n--\n-- PostgreSQL database dump complete[^]*/, '');
    const lines = statement.replaceAll(SETTING, '').replaceAll(OWN_OPTION, '').trim().split('\n');
    const ordered = type === 'ACL' || type === 'DEFAULT ACL' ? lines.toSorted() : lines;
    return [[`catalogue ${type} ${schema}.${name}`, `owner ${owner}\n${ordered.join('\n')}`]];
  });
}

/** What a dump does not show: indexes that are there but not usable. */
export async function fingerprintStates(client: Client): Promise<Fingerprint> {
  const indexes = await client.query<{ name: string }>(
    `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive)`,
  );
  return Object.fromEntries(indexes.rows.map(({ name }) => [`index ${name}`, 'not valid']));
}
