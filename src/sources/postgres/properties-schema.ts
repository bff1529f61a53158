import * as v from 'valibot';

const number = v.pipe(v.number(), v.finite());

const Privilege = v.object({
  /** Null is PUBLIC. */
  grantee: v.nullable(v.string()),
  grantor: v.string(),
  privilege: v.string(),
  grantable: v.boolean(),
});

const Setting = v.object({
  /** Null for all roles. */
  role: v.nullable(v.string()),
  name: v.string(),
  value: v.string(),
});

const Properties = v.object({
  version: v.literal(1),
  database: v.string(),
  owner: v.string(),
  encoding: v.string(),
  collate: v.string(),
  ctype: v.string(),
  /** `libc`, `icu` or `builtin`. */
  localeProvider: v.picklist(['libc', 'icu', 'builtin']),
  /** Of icu and builtin. */
  locale: v.nullable(v.string()),
  tablespace: v.string(),
  connectionLimit: number,
  allowConnections: v.boolean(),
  isTemplate: v.boolean(),
  comment: v.nullable(v.string()),
  /** Null when nothing was ever granted or revoked. */
  privileges: v.nullable(v.array(Privilege)),
  settings: v.array(Setting),
  extensions: v.array(v.object({ name: v.string(), version: v.string(), schema: v.string() })),
  /** Whether there is a schema "public", which every new database has. */
  hasPublicSchema: v.boolean(),
  /** Tablespaces other than the default ones that the database uses. */
  tablespaces: v.array(v.string()),
  /** Roles that own something in it. */
  owners: v.array(v.string()),
  /** All roles that something in it mentions. */
  roles: v.array(v.string()),
  bytes: number,
});

/** What a dump of the database does not say about it: artifact `properties.json`. */
export type Properties = v.InferOutput<typeof Properties>;

/** Throws where they have another shape. */
export function checked(properties: unknown): Properties {
  return v.parse(Properties, properties);
}
