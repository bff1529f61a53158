import { BackupError, reason, throwIfAborted } from '../../base/errors.ts';
import type { Context, Finding, Inspection } from '../../model/source.ts';
import { allEnded } from './all-ended.ts';
import { Connection, identifier, openMaintenance } from './connection.ts';
import { address } from './errors.ts';
import { rightsFindings } from './rights.ts';
import { describeRoom, ROOM_HINT, serverRoom } from './room.ts';
import { capturePlace, type PostgresSettings, superuserLogin } from './settings.ts';
import { assertNotOlder, serverVersion, type Tool, TOOLS, toolVersion, type Version } from './tools.ts';
import { unseen } from './unseen.ts';

/** What the findings are made from; filled by one look after the other. */
interface Look {
  readonly settings: PostgresSettings;
  readonly context: Context;
  readonly versions: Record<string, string>;
  readonly findings: Finding[];
  bytes: number;
  server: Version | undefined;
}

/** Looks at the server, the database, the rights of both roles and the tools. Every failure is a finding. */
export async function inspect(settings: PostgresSettings, context: Context): Promise<Inspection> {
  const look: Look = { settings, context, versions: {}, findings: [], bytes: 0, server: undefined };
  // a program takes as long to tell its version as the server to answer
  const tools = TOOLS.map((tool) => ({ tool, version: toolVersion(tool, context) }));
  const [reachable] = await allEnded([
    attempt(look, 'server', undefined, () => lookAtServer(look)),
    Promise.allSettled(tools.map(({ version }) => version)),
  ]);
  for (const { tool, version } of tools)
    await attempt(look, 'tools', stoppedBy(tool), () => lookAtTool(look, tool, version));
  if (reachable) await attempt(look, 'database', 'backup', () => lookAtDatabase(look));
  throwIfAborted(context.signal);
  const { versions, bytes, findings } = look;
  return { versions, bytes, findings };
}

/** Whether the look ended without a thrown problem. */
async function attempt(
  look: Look,
  subject: string,
  stops: Finding['stops'],
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    throwIfAborted(look.context.signal);
    look.findings.push(problem(subject, error, stops));
    return false;
  }
}

function problem(subject: string, error: unknown, stops: Finding['stops']): Finding {
  const { kind, hint } = error instanceof BackupError ? error : { kind: 'failed' as const, hint: undefined };
  return {
    subject,
    severity: 'problem',
    kind,
    message: reason(error).replace(/^postgres: /, ''),
    ...(hint === undefined ? {} : { hint }),
    ...(stops === undefined ? {} : { stops }),
  };
}

/** Whoever restores (and reads the roles) can log in, and may create databases. */
async function lookAtServer(look: Look): Promise<void> {
  await using admin = await openMaintenance(look.settings, look.context.signal);
  look.server = await serverVersion(admin);
  look.versions['server'] = look.server.text;
  look.findings.push({
    subject: 'server',
    severity: 'ok',
    message: `PostgreSQL ${look.server.text} at ${address(look.settings)}`,
  });
  if (!(await admin.isDirect())) look.findings.push(pooler(look.settings));
  const rights = await admin.one<{ superuser: boolean; createdb: boolean }>(
    'SELECT rolsuper AS superuser, rolcreatedb AS createdb FROM pg_roles WHERE rolname = current_user',
  );
  if (!rights.superuser) look.findings.push(limited(admin.place.login.user, rights.createdb));
  look.findings.push(await roomFinding(admin, look.settings.database));
}

function pooler(settings: PostgresSettings): Finding {
  return {
    subject: 'server',
    severity: 'warning',
    message: `${address(settings)} is a connection pooler, not the server`,
    hint: 'let POSTGRES_HOST and POSTGRES_PORT name the server itself',
  };
}

/** For the database as large as it is now; a restore itself asks for the size that the backup had. */
async function roomFinding(admin: Connection, database: string): Promise<Finding> {
  const [row] = await admin.query<{ bytes: string }>(
    'SELECT pg_database_size(oid) AS bytes FROM pg_database WHERE datname = $1',
    [database],
  );
  const room = await serverRoom(admin, Number(row?.bytes ?? 0));
  if (room === undefined)
    return { subject: 'room', severity: 'ok', message: "the free room of the server's disk cannot be seen from here" };
  if (room.free >= room.needed) return { subject: 'room', severity: 'ok', message: describeRoom(room) };
  return { subject: 'room', severity: 'warning', message: describeRoom(room), hint: ROOM_HINT };
}

function limited(user: string, createdb: boolean): Finding {
  const message = `role "${user}" is no superuser: only databases and objects of its own can be restored`;
  const hint = 'give POSTGRES_SUPERUSER and POSTGRES_PASSWORD';
  if (createdb) return { subject: 'rights', severity: 'warning', message, hint };
  return {
    subject: 'rights',
    severity: 'problem',
    kind: 'denied',
    stops: 'restore',
    message: `role "${user}" may not create databases, so it cannot restore`,
    hint: `ALTER ROLE ${identifier(user)} CREATEDB; or ${hint}`,
  };
}

async function lookAtTool(look: Look, tool: Tool, told: Promise<Version>): Promise<void> {
  const version = await told;
  look.versions[tool] = version.text;
  if (look.server !== undefined) assertNotOlder(tool, version, 'the server', look.server);
  look.findings.push({ subject: 'tools', severity: 'ok', message: `${tool} ${version.text}` });
}

function stoppedBy(tool: Tool): Finding['stops'] {
  if (tool === 'pg_dumpall') return undefined; // a restore compares roles with it
  return tool === 'pg_dump' ? 'backup' : 'restore';
}

/** The role that captures can read all of the database. */
async function lookAtDatabase(look: Look): Promise<void> {
  const { settings, context, findings } = look;
  await using connection = await Connection.open(capturePlace(settings), context.signal);
  const { bytes, extensions } = await connection.one<{ bytes: string; extensions: string | null }>(
    `SELECT pg_database_size(current_database()) AS bytes,
            (SELECT string_agg(format('%s %s', extname, extversion), ', ' ORDER BY extname) FROM pg_extension) AS extensions`,
  );
  look.bytes = Number(bytes);
  findings.push({
    subject: 'database',
    severity: 'ok',
    message: `"${settings.database}", ${bytes} bytes, extensions: ${extensions ?? 'none'}`,
  });
  const denied = await rightsFindings(connection);
  findings.push(...denied);
  if (denied.length === 0)
    findings.push({ subject: 'rights', severity: 'ok', message: `role "${settings.user}" can read everything` });
  for (const each of await unseen(connection, superuserLogin(settings) !== undefined))
    findings.push({ subject: 'rights', severity: 'warning', ...each });
}
