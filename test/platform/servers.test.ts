import { existsSync } from 'node:fs';
import { appendFile, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createClient } from '@redis/client';
import neo4j from 'neo4j-driver';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { processesIn, serverUser } from '../../platform/servers/runner.ts';
import { startNeo4j } from '../../platform/servers/neo4j.ts';
import { startPostgres } from '../../platform/servers/postgres.ts';
import { startRedis } from '../../platform/servers/redis.ts';
import { endProcess, runs, signalProcess, writePidRecord } from '../../platform/servers/pid-record.ts';
import type { ThrowawayServer } from '../../platform/servers/server.ts';

async function query(server: ThrowawayServer, sql: string, password = server.password): Promise<unknown> {
  const client = new Client({ host: '127.0.0.1', port: server.port, user: 'postgres', password, database: 'postgres' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function cypher(server: ThrowawayServer, text: string, password = server.password): Promise<unknown> {
  const driver = neo4j.driver(`bolt://127.0.0.1:${server.port}`, neo4j.auth.basic('neo4j', password));
  try {
    return (await driver.session().run(text)).records[0]?.get(0);
  } finally {
    await driver.close();
  }
}

describe('a throwaway PostgreSQL', () => {
  it('is PostgreSQL 15 in C.UTF-8, asks for the password, and keeps its data through stop, kill and start', async () => {
    await using server = await startPostgres();
    expect(await query(server, 'SHOW server_version_num')).toMatch(/^15/);
    expect(await query(server, `SELECT datcollate FROM pg_database WHERE datname = 'postgres'`)).toBe('C.UTF-8');
    await expect(query(server, 'SELECT 1', 'wrong')).rejects.toMatchObject({ code: '28P01' });
    await query(server, 'CREATE TABLE kept AS SELECT 42 AS n');
    await server.stop();
    await expect(query(server, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await processesIn(server.directory)).toEqual([]);
    await server.start();
    await server.kill('SIGKILL');
    expect(await processesIn(server.directory)).toEqual([]);
    await server.start();
    expect(await query(server, 'SELECT n FROM kept')).toBe(42);
  });

  it('runs as a user who is not root, and leaves nothing when it is disposed of', async () => {
    let server: ThrowawayServer;
    {
      await using started = await startPostgres();
      server = started;
      expect((await stat(`/proc/${String(server.pid)}`)).uid).toBe(serverUser);
      expect(serverUser).not.toBe(0);
    }
    expect(server.pid).toBeUndefined();
    expect(existsSync(server.directory)).toBe(false);
    expect(await processesIn(server.directory)).toEqual([]);
  });

  it('that cannot start says why, and leaves no process', async () => {
    await using server = await startPostgres();
    await server.stop();
    const data = path.join(server.directory, 'data');
    await appendFile(path.join(data, 'postgresql.auto.conf'), `nonsense = 'yes'\n`);
    await expect(server.start()).rejects.toMatchObject({ kind: 'failed' });
    expect(await processesIn(server.directory)).toEqual([]);
  });
});

describe('a throwaway Redis', () => {
  it('asks for the password, which is in no process listing, and writes its append-only file', async () => {
    await using server = await startRedis();
    const commandLine = await readFile(`/proc/${String(server.pid)}/cmdline`, 'utf8');
    expect(commandLine).not.toContain(server.password);
    const mode = (await stat(path.join(server.directory, 'redis.conf'))).mode & 0o777;
    expect(mode).toBe(0o600);
    const socket = { host: '127.0.0.1', port: server.port, reconnectStrategy: false } as const;
    const stranger = createClient({ socket });
    stranger.on('error', () => undefined);
    await expect(stranger.connect().then(() => stranger.ping())).rejects.toThrow(/NOAUTH/);
    stranger.destroy();
    const client = createClient({ socket, password: server.password });
    client.on('error', () => undefined);
    await client.connect();
    expect(await client.configGet('appendonly')).toMatchObject({ appendonly: 'yes' });
    client.destroy();
  });

  it('ends when its signal is aborted', async () => {
    const controller = new AbortController();
    await using server = await startRedis({ signal: controller.signal });
    const record = await writePidRecord(server.directory, server.pid ?? 0);
    controller.abort();
    await expect.poll(() => record && runs(record), { timeout: 30_000 }).toBe(false);
  });
});

describe('a throwaway Neo4j', () => {
  it('asks for the password, and keeps what was committed when it is killed', async () => {
    await using server = await startNeo4j();
    await expect(cypher(server, 'RETURN 1', 'wrong-password')).rejects.toMatchObject({
      code: 'Neo.ClientError.Security.Unauthorized',
    });
    await cypher(server, 'CREATE (:Kept {n: 42})');
    await server.kill('SIGKILL');
    expect(await processesIn(server.directory)).toEqual([]);
    await server.start();
    expect(await cypher(server, 'MATCH (k:Kept) RETURN toString(k.n) AS n')).toBe('42');
  });
});

describe('a pid', () => {
  it('is not signalled when another process has it by now', async () => {
    await using server = await startRedis();
    const record = await writePidRecord(server.directory, server.pid ?? 0);
    if (record === undefined) throw new Error('the server does not run');
    const another = { ...record, startTime: `${record.startTime}0` };
    await signalProcess(another, 'SIGKILL');
    await endProcess(another, 'SIGKILL');
    expect(await runs(another)).toBe(false);
    expect(await runs(record)).toBe(true);
  });
});
