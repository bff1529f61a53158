import { reason } from '../../base/errors.ts';
import { BackupError } from '../../base/errors.ts';
import { availableMemory } from '../../base/memory.ts';
import type { Context, Finding, Inspection } from '../../model/source.ts';
import { connectRedis, type RedisConnection, type RedisInfo } from '../../sandbox/redis-connection.ts';
import { keyspace } from './keyspace.ts';
import { clientRights, renamedCommands, watchedBySentinel } from './rights.ts';
import { mebibytes } from './room.ts';
import { liveAddress, type RedisSettings } from './settings.ts';

/** Looks at the live server; changes nothing. */
export async function inspectRedis(settings: RedisSettings, context: Context): Promise<Inspection> {
  const tools = toolFindings(context);
  try {
    await using connection = await connectRedis(liveAddress(settings), context.signal);
    const info = await connection.info();
    const bytes = Number(info['used_memory'] ?? 0);
    return {
      versions: { server: info['redis_version'] ?? 'unknown' },
      bytes,
      findings: [
        ...tools,
        ...serverFindings(info),
        ...memoryFindings(bytes, availableMemory()),
        ...(await rightFindings(connection)),
      ],
    };
  } catch (error) {
    if (!(error instanceof BackupError) || error.kind === 'cancelled' || error.kind === 'timeout') throw error;
    const { message, kind, hint } = error;
    const finding: Finding = { subject: 'server', severity: 'problem', message: withoutPrefix(message), kind };
    return { versions: {}, bytes: 0, findings: [...tools, hint === undefined ? finding : { ...finding, hint }] };
  }
}

/** The oldest version whose CLIENT PAUSE can hold back writers only. */
const OLDEST = [6, 2] as const;

function serverFindings(info: RedisInfo): Finding[] {
  const version = info['redis_version'] ?? '0';
  const databases = keyspace(info);
  const keys = [...databases.values()].reduce((total, each) => total + each.keys, 0);
  return [
    ok('server', `Redis ${version}, ${keys} keys in ${databases.size} databases`),
    ...problemIf(isOlder(version, OLDEST), {
      message: `Redis ${version} cannot hold back writers (CLIENT PAUSE WRITE came with ${OLDEST.join('.')})`,
      hint: 'upgrade the server, or restore by copying the RDB file',
      kind: 'too-old',
      stops: 'restore',
    }),
    ...problemIf(info['redis_mode'] === 'cluster', {
      message: 'the server is part of a Redis Cluster, which is not supported',
      hint: 'back up each shard with the tools of the cluster',
    }),
    ...problemIf(info['redis_mode'] === 'sentinel', {
      message: 'this is a Sentinel, not a server with data',
      hint: 'set REDIS_HOST and REDIS_PORT to those of the master',
    }),
    ...problemIf(info['role'] === 'slave', {
      message: `the server is a replica of ${info['master_host']}:${info['master_port']}`,
      hint: 'restore to the master: a replica is overwritten by it',
      stops: 'restore',
    }),
    ...persistenceFindings(info),
  ];
}

function persistenceFindings(info: RedisInfo): Finding[] {
  const badAof = info['aof_enabled'] === '1' && info['aof_last_bgrewrite_status'] === 'err';
  const message = 'the last rewrite of the append-only file failed';
  return badAof
    ? [{ subject: 'persistence', severity: 'warning', message, hint: "look at the server's log and its disk" }]
    : [ok('persistence', info['aof_enabled'] === '1' ? 'append-only file' : 'RDB snapshots, if any')];
}

/** A restore over live data has two sandboxes at once: what it brings, and the copy of what it replaces. */
export function memoryFindings(needed: number, available: number): Finding[] {
  const hint = 'raise the memory limit of the container redis-backup (REDIS_BACKUP_MEMORY in its .env)';
  const there = `${mebibytes(available)} are available`;
  if (needed >= available) {
    const message = `the sandbox needs ${mebibytes(needed)} of memory, ${there}`;
    return [{ subject: 'memory', severity: 'problem', message, hint, kind: 'no-space' }];
  }
  if (2 * needed < available)
    return [ok('memory', `${mebibytes(needed)} of data, ${mebibytes(available)} for a sandbox`)];
  const message = `a restore over these data needs two sandboxes, ${mebibytes(2 * needed)} of memory; ${there}`;
  return [{ subject: 'memory', severity: 'warning', message, hint }];
}

async function rightFindings(connection: RedisConnection): Promise<Finding[]> {
  const modules = await connection.send('MODULE', 'LIST').catch(() => []);
  const added = Array.isArray(modules) ? modules.filter((each) => !isBuiltIn(each)) : [];
  const names = added.map((each) => moduleName(each));
  const loaded = problemIf(names.length > 0, {
    message: `the server has modules loaded (${names.join(', ')}): their data needs the same modules in the sandbox`,
    hint: 'modules are not supported yet',
  });
  return [
    ...loaded,
    ...(await watchedBySentinel(connection)),
    ...(await renamedCommands(connection)),
    ...(await clientRights(connection)),
  ];
}

function moduleName(reply: unknown): string {
  return Array.isArray(reply) ? String(reply[1]) : String(reply);
}

/** Part of the server's own program (vectorset of Redis 8), and so of the sandbox's: a module without a path. */
function isBuiltIn(reply: unknown): boolean {
  return Array.isArray(reply) && reply[reply.indexOf('path') + 1] === '';
}

function problemIf(condition: boolean, problem: Omit<Finding, 'subject' | 'severity'>): Finding[] {
  return condition ? [{ subject: 'server', severity: 'problem', ...problem }] : [];
}

function toolFindings({ processes }: Context): Finding[] {
  const missing = ['redis-cli', 'redis-server', 'redis-check-rdb'].flatMap((tool) => {
    try {
      processes.find(tool);
      return [];
    } catch (error) {
      return [reason(error)];
    }
  });
  if (missing.length === 0) return [ok('tools', 'redis-cli, redis-server, redis-check-rdb')];
  const hint = 'install the packages redis-tools and redis-server';
  return missing.map((message) => ({ subject: 'tools', severity: 'problem', message, hint, kind: 'missing-tool' }));
}

function ok(subject: string, message: string): Finding {
  return { subject, severity: 'ok', message };
}

/** Compares `7.0.15` with a major and minor version. */
export function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a < major || (a === major && b < minor);
}

/** The caller names the service. */
function withoutPrefix(message: string): string {
  return message.replace(/^redis(: | )/, '');
}
