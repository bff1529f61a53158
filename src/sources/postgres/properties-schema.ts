import * as z from 'zod/mini';

const Privilege = z.object({
  /** Null is PUBLIC. */
  grantee: z.nullable(z.string()),
  grantor: z.string(),
  privilege: z.string(),
  grantable: z.boolean(),
});

const Setting = z.object({
  /** Null for all roles. */
  role: z.nullable(z.string()),
  name: z.string(),
  value: z.string(),
});

export const Properties = z.object({
  version: z.literal(1),
  database: z.string(),
  owner: z.string(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  /** `libc`, `icu` or `builtin`. */
  localeProvider: z.enum(['libc', 'icu', 'builtin']),
  /** Of icu and builtin. */
  locale: z.nullable(z.string()),
  tablespace: z.string(),
  connectionLimit: z.number(),
  allowConnections: z.boolean(),
  isTemplate: z.boolean(),
  comment: z.nullable(z.string()),
  /** Null when nothing was ever granted or revoked. */
  privileges: z.nullable(z.array(Privilege)),
  settings: z.array(Setting),
  extensions: z.array(z.object({ name: z.string(), version: z.string(), schema: z.string() })),
  /** Whether there is a schema "public", which every new database has. */
  hasPublicSchema: z.boolean(),
  /** Tablespaces other than the default ones that the database uses. */
  tablespaces: z.array(z.string()),
  /** Roles that own something in it. */
  owners: z.array(z.string()),
  /** All roles that something in it mentions. */
  roles: z.array(z.string()),
  bytes: z.number(),
});

/** What a dump of the database does not say about it: artifact `properties.json`. */
export type Properties = z.infer<typeof Properties>;
