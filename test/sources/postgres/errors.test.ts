import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres } from '../../../platform/servers/postgres.ts';
import { BackupError } from '../../../src/base/errors.ts';
import { Processes } from '../../../src/base/processes.ts';
import type { Finding } from '../../../src/model/source.ts';
import type { PostgresSettings } from '../../../src/sources/postgres/settings.ts';
import { postgresSource } from '../../../src/sources/postgres/source.ts';
import {
  type FileBackup,
  fileBackup,
  FileSafetyCopies,
  FileSink,
  MemoryJournal,
  testContext,
} from '../../support/file-backup.ts';
import { CAPTURE_ROLE, DATABASE, fingerprint, inventory } from './nasty.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let place: Workplace;
let backup: FileBackup;

beforeAll(async () => {
  place = await openWorkplace();
  backup = await place.capture();
});

afterAll(() => place?.[Symbol.asyncDispose]());

describe('what stands in the way is found before, and fails the capture with nothing written', () => {
  test('a server that is down', async () => {
    const { port } = await stoppedServer();
    await expectProblem({ port }, { kind: 'unreachable', hint: expect.stringContaining('POSTGRES_HOST') as string });
  });

  test('a host that does not exist', async () => {
    await expectProblem({ host: 'no-such-host.invalid' }, { kind: 'unreachable' });
  });

  test('a wrong password', async () => {
    await expectProblem(
      { password: 'wrong' },
      { kind: 'denied', hint: expect.stringContaining('PHYSICS_DB_PASSWORD') as string },
    );
  });

  test('no password', async () => {
    await expectProblem({ password: undefined }, { kind: 'denied' });
  });

  test('a wrong password of the superuser', async () => {
    await expectProblem(
      { superuserPassword: 'wrong' },
      { kind: 'denied', hint: expect.stringContaining('POSTGRES_PASSWORD') as string },
    );
  });

  test('a database that is missing', async () => {
    await expectProblem(
      { database: 'nowhere' },
      { kind: 'missing', hint: expect.stringContaining('POSTGRES_DB') as string },
    );
  });
});

const role = escapeIdentifier(CAPTURE_ROLE);
const database = escapeIdentifier(DATABASE);

describe('rights that the role lacks are named, with what grants them', () => {
  test.each([
    ['tables', `REVOKE pg_read_all_data FROM ${role}`, `GRANT pg_read_all_data TO ${role}`, 'schema'],
    ['rows', `ALTER ROLE ${role} NOBYPASSRLS`, `ALTER ROLE ${role} BYPASSRLS`, 'secrets'],
    [
      'large objects',
      `REVOKE SELECT ON LARGE OBJECT 4712 FROM ${role}`,
      `GRANT SELECT ON LARGE OBJECT 4712 TO ${role}`,
      '4712',
    ],
  ])('%s', async (_what, revoke, grant, named) => {
    await place.nasty.sql(DATABASE, revoke);
    try {
      await expectProblem({}, { kind: 'denied', hint: `${grant};`, message: expect.stringContaining(named) as string });
    } finally {
      await place.nasty.sql(DATABASE, grant);
    }
    await expectNoProblem();
  });

  test('a role with nothing but a login is told every grant', async () => {
    await place.nasty.sql(
      'postgres',
      `CREATE ROLE "poor role" LOGIN PASSWORD 'x'; GRANT CONNECT ON DATABASE ${database} TO "poor role"`,
    );
    const source = postgresSource({ ...place.nasty.settings, user: 'poor role', password: 'x' });
    const { findings } = await source.inspect(place.context);
    const hints = findings.filter((each) => each.severity === 'problem').map((each) => each.hint);
    expect(hints).toEqual(
      expect.arrayContaining([
        'GRANT pg_read_all_data TO "poor role";',
        'ALTER ROLE "poor role" BYPASSRLS;',
        'GRANT SELECT ON LARGE OBJECT 4711, 4712 TO "poor role";',
      ]),
    );
    for (const hint of hints) await place.nasty.sql(DATABASE, hint ?? '');
    const again = await source.inspect(place.context);
    expect(again.findings.filter((each) => each.severity === 'problem')).toEqual([]);
    await source.capture('daily', new FileSink(place.directory), () => undefined, place.context);
    await place.nasty.sql(DATABASE, 'DROP OWNED BY "poor role"; DROP ROLE "poor role"');
  });
});

describe('tools', () => {
  test('that are missing', async () => {
    await using context = await testContext({ processes: new Processes({ PATH: await toolsWithout('pg_dump') }) });
    await expectProblem({}, { kind: 'missing-tool' }, context);
  });

  test('that are older than the server', async () => {
    const directory = await toolsWithout('pg_dump', '#!/bin/sh\necho "pg_dump (PostgreSQL) 14.3 (Debian 14.3-1)"\n');
    await using context = await testContext({ processes: new Processes({ PATH: directory }) });
    await expectProblem(
      {},
      { kind: 'too-old', hint: expect.stringContaining('postgresql-client-15') as string },
      context,
    );
  });

  test('that die midway', async () => {
    const directory = await toolsWithout('pg_dump', dying(place.context.processes.find('pg_dump')));
    await using context = await testContext({ processes: new Processes({ PATH: directory }) });
    class DyingSink extends FileSink {
      override fromProcess(...[kind, command]: Parameters<FileSink['fromProcess']>) {
        const file = command.file === 'pg_dump' ? path.join(directory, 'pg_dump') : command.file;
        return super.fromProcess(kind, { ...command, file });
      }
    }
    const capture = place.source.capture('daily', new DyingSink(place.directory), () => undefined, context);
    await expect(capture).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('SIGKILL') as string,
    });
    await expectNoSessions();
  });
});

describe('a restore is refused before anything is created', () => {
  test('when an extension is missing at the target', async () => {
    const forged = await withProperties((properties) => ({
      ...properties,
      extensions: [
        ...(properties['extensions'] as object[]),
        { name: 'no_such_extension', version: '1', schema: 'public' },
      ],
    }));
    await expectNothingStaged(forged, {
      kind: 'missing',
      message: expect.stringContaining('no_such_extension') as string,
    });
  });

  test('when the disk of the server is too small', async () => {
    await expectNothingStaged(await withProperties((properties) => ({ ...properties, bytes: 1e18 })), {
      kind: 'no-space',
    });
  });

  test('when the server is older than the backup', async () => {
    await expectNothingStaged({ ...backup, versions: { ...backup.versions, server: '16.1' } }, { kind: 'too-old' });
  });

  test('when pg_restore is older than the dump', async () => {
    await expectNothingStaged({ ...backup, versions: { ...backup.versions, pg_dump: '17.0' } }, { kind: 'too-old' });
  });

  test('when there is no superuser, and the role may not create databases', async () => {
    const hint = expect.stringContaining(`ALTER ROLE ${role} CREATEDB;`) as string;
    await expectNothingStaged(backup, { kind: 'denied', hint }, { superuser: undefined });
    const { findings } = await postgresSource({ ...place.nasty.settings, superuser: undefined }).inspect(place.context);
    expect(findings).toContainEqual(
      expect.objectContaining({ severity: 'problem', kind: 'denied', stops: 'restore', hint }) as Finding,
    );
  });

  test('when there is no superuser, and the role is no member of the owners', async () => {
    await place.nasty.sql('postgres', `ALTER ROLE ${role} CREATEDB`);
    await expectNothingStaged(
      backup,
      { kind: 'denied', hint: expect.stringContaining('GRANT') as string },
      { superuser: undefined },
    );
    await place.nasty.sql('postgres', `ALTER ROLE ${role} NOCREATEDB`);
  });

  test('into a sandbox', async () => {
    const staging = place.source.stage(
      { chain: [backup], target: 'sandbox' },
      new MemoryJournal(),
      safety(),
      place.context,
    );
    await expect(staging).rejects.toMatchObject({ kind: 'failed' });
  });
});

describe('a restore that fails midway leaves nothing', () => {
  test('when the dump is cut', async () => {
    const bytes = await readFile(path.join(backup.directory, 'dump'));
    const cut = await withArtifact('dump', bytes.subarray(0, bytes.length * 0.9));
    await expectNothingStaged(cut, { kind: 'failed' }, {}, true);
  });

  test('when a role cannot be created', async () => {
    const globals = await readFile(path.join(backup.directory, 'globals.sql'), 'utf8');
    const roles = 'CREATE ROLE "made up";\nALTER ROLE "made up" WITH NONSENSE;\n';
    const broken = await withArtifact(
      'globals.sql',
      Buffer.from(globals.replace('CREATE ROLE', `${roles}CREATE ROLE`)),
    );
    await expectNothingStaged(broken, { kind: 'failed' }, {}, true);
  });

  test('when it is cancelled', async () => {
    const controller = new AbortController();
    const journal = new MemoryJournal();
    const before = await inventory(place.nasty);
    const reached = (point: string): Promise<void> => {
      if (point === 'postgres.filled') controller.abort(new BackupError('interrupted', { kind: 'cancelled' }));
      return Promise.resolve();
    };
    const staging = place.stage(backup, journal, { ...place.context, reached, signal: controller.signal });
    await expect(staging).rejects.toMatchObject({ kind: 'cancelled' });
    expect(journal.handles.length).toBeGreaterThan(1);
    expect(await inventory(place.nasty)).toEqual(before);
    await expectNoSessions();
  });
});

test('a capture that is cancelled ends its sessions', async () => {
  const controller = new AbortController();
  const sink = new FileSink(place.directory, controller.signal);
  const momentFixed = (): void => controller.abort(new BackupError('interrupted', { kind: 'cancelled' }));
  const capture = place.source.capture('daily', sink, momentFixed, { ...place.context, signal: controller.signal });
  await expect(capture).rejects.toMatchObject({ kind: 'cancelled' });
  await expectNoSessions();
});

/** Writes half of what the real one writes, then is killed. */
const dying = (real: string): string => `#!/bin/sh
if [ "$1" = --version ]; then exec ${real} --version; fi
${real} "$@" | head -c 5000
kill -9 $$
`;

/** The finding that inspect has, and the error that capture throws. */
async function expectProblem(
  changes: Partial<PostgresSettings>,
  problem: object,
  context = place.context,
): Promise<void> {
  const source = postgresSource({ ...place.nasty.settings, ...changes });
  const { findings } = await source.inspect(context);
  expect(findings).toContainEqual(
    expect.objectContaining({ severity: 'problem', ...without(problem, 'message') }) as Finding,
  );
  const sink = new FileSink(place.directory);
  let fixed = false;
  await expect(source.capture('daily', sink, () => (fixed = true), context)).rejects.toMatchObject(problem);
  expect({ fixed, artifacts: sink.artifacts }).toEqual({ fixed: false, artifacts: [] });
}

async function expectNoProblem(): Promise<void> {
  const { findings } = await place.source.inspect(place.context);
  expect(findings.filter((each) => each.severity === 'problem')).toEqual([]);
}

async function expectNothingStaged(
  given: FileBackup,
  problem: object,
  changes: Partial<PostgresSettings> = {},
  journalled = false,
): Promise<void> {
  const source = postgresSource({ ...place.nasty.settings, ...changes });
  const before = [await inventory(place.nasty), await fingerprint(place.nasty)];
  const journal = new MemoryJournal();
  await expect(
    source.stage({ chain: [given], target: 'live' }, journal, safety(), place.context),
  ).rejects.toMatchObject(problem);
  expect(journal.handles.length > 0).toBe(journalled);
  expect([await inventory(place.nasty), await fingerprint(place.nasty)]).toEqual(before);
  await expectNoSessions();
}

async function expectNoSessions(): Promise<void> {
  await expect
    .poll(
      () =>
        place.nasty.sql(
          'postgres',
          `SELECT pid, query FROM pg_stat_activity WHERE application_name IN ('physics-backup', 'pg_dump', 'pg_restore')`,
        ),
      { timeout: 30_000 },
    )
    .toEqual([]);
}

function safety(): FileSafetyCopies {
  return new FileSafetyCopies(place.source, place.directory);
}

function without(object: object, key: string): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

async function stoppedServer(): Promise<{ port: number }> {
  await using server = await startPostgres();
  return { port: server.port };
}

let directories = 0;

/** A copy of the backup with one artifact replaced. */
async function withArtifact(name: string, bytes: Uint8Array): Promise<FileBackup> {
  const directory = await copyOf(backup.directory);
  await writeFile(path.join(directory, name), bytes);
  return fileBackup({ ...backup, directory });
}

async function withProperties(change: (properties: Record<string, unknown>) => object): Promise<FileBackup> {
  const properties = JSON.parse(await readFile(path.join(backup.directory, 'properties.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  return await withArtifact('properties.json', Buffer.from(JSON.stringify(change(properties))));
}

async function copyOf(directory: string): Promise<string> {
  directories += 1;
  const copy = `${directory}-${directories}`;
  await cp(directory, copy, { recursive: true });
  return copy;
}

/** A PATH with only what a run needs, one tool of which is missing or another. */
async function toolsWithout(tool: string, script?: string): Promise<string> {
  directories += 1;
  const directory = path.join(place.directory, `bin-${directories}`);
  await mkdir(directory);
  const needed = ['pg_dump', 'pg_dumpall', 'pg_restore', 'setpriv', 'sh', 'head'];
  for (const each of needed.filter((name) => name !== tool))
    await symlink(place.context.processes.find(each), path.join(directory, each));
  if (script !== undefined) await writeFile(path.join(directory, tool), script, { mode: 0o755 });
  return directory;
}
