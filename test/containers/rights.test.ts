import { describe, expect, test } from 'vitest';
import { type Service, SERVICES } from '../../src/model/vocabulary.ts';
import { docker, inspect } from './support/docker.ts';
import { engine, rig } from './support/rig.ts';
import type { Stack } from './support/stack.ts';

interface Details {
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly CapAdd: readonly string[] | null;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Privileged: boolean;
    readonly ReadonlyRootfs: boolean;
    readonly PortBindings: Readonly<Record<string, unknown>> | null;
    readonly Memory: number;
    readonly PidsLimit: number;
    readonly Init: boolean;
    readonly PidMode: string;
    readonly IpcMode: string;
    readonly GroupAdd: readonly string[] | null;
    readonly LogConfig: { readonly Config: Readonly<Record<string, string>> };
    readonly Tmpfs: Readonly<Record<string, string>> | null;
  };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> };
  readonly Mounts: readonly { readonly Source: string; readonly Destination: string; readonly RW: boolean }[];
}

/** What a container may do, in the words of this test. */
async function rightsOf(container: string) {
  const { Config, HostConfig, Mounts, NetworkSettings } = await inspect<Details>(container, '.');
  return {
    user: Config.User,
    capabilities: (HostConfig.CapAdd ?? []).map((name) => name.replace(/^CAP_/, '')),
    dropped: HostConfig.CapDrop,
    privileged: HostConfig.Privileged,
    security: HostConfig.SecurityOpt,
    readOnly: HostConfig.ReadonlyRootfs,
    ports: Object.keys(HostConfig.PortBindings ?? {}),
    memoryMegabytes: HostConfig.Memory / 1024 ** 2,
    processes: HostConfig.PidsLimit,
    init: HostConfig.Init,
    ownProcesses: HostConfig.PidMode === '' && HostConfig.IpcMode === 'private',
    groups: HostConfig.GroupAdd ?? [],
    networks: Object.keys(NetworkSettings.Networks),
    logs: HostConfig.LogConfig.Config,
    temporary: Object.keys(HostConfig.Tmpfs ?? {}).toSorted(),
    writable: Mounts.filter(({ RW }) => RW)
      .map(({ Destination }) => Destination)
      .toSorted(),
    readable: Mounts.filter(({ RW }) => !RW)
      .map(({ Destination }) => Destination)
      .toSorted(),
    engine: Mounts.some(({ Source }) => Source.endsWith('docker.sock')),
  };
}

const SHARED = ['/backups', '/logs', '/run/physics-backup', '/secrets', '/state'];
const SCHEDULE = '/scripts/config';
const SECRETS = [
  'aws_access_key_id',
  'aws_secret_access_key',
  'email_smtp_password',
  'webhook_url',
  'webhook_secret',
  'heartbeat_url',
  'alert_ca',
];

function secrets(...own: readonly string[]): string[] {
  return [...own, ...SECRETS].map((name) => `/run/secrets/${name}`);
}

const EVERY = {
  user: '1000:1000',
  capabilities: [],
  dropped: ['ALL'],
  privileged: false,
  security: ['no-new-privileges:true'],
  readOnly: true,
  ports: [],
  processes: 256,
  init: true,
  ownProcesses: true,
  groups: [],
  logs: { 'max-file': '3', 'max-size': '10m' },
  engine: false,
};

const OWN: Readonly<Record<Service, object>> = {
  postgres: {
    memoryMegabytes: 512,
    temporary: ['/tmp', '/var/lib/postgresql/data'],
    writable: SHARED,
    readable: [...secrets('physics_db_password', 'postgres_password'), SCHEDULE].toSorted(),
  },
  neo4j: {
    memoryMegabytes: 1024,
    temporary: ['/data', '/tmp'],
    writable: SHARED,
    readable: [...secrets('neo4j_password'), SCHEDULE].toSorted(),
  },
  redis: {
    memoryMegabytes: 512,
    temporary: ['/data', '/tmp'],
    writable: SHARED,
    readable: [...secrets('redis_password'), SCHEDULE].toSorted(),
  },
  application: {
    memoryMegabytes: 256,
    temporary: ['/tmp'],
    writable: SHARED,
    readable: ['/application', ...secrets(), SCHEDULE].toSorted(),
  },
};

/** It sees the backups and the keys and changes neither; it alone is reached from outside. */
const MONITOR = {
  ...EVERY,
  ports: ['8084/tcp'],
  memoryMegabytes: 256,
  temporary: ['/tmp'],
  writable: ['/logs', '/state'],
  readable: ['/backups', '/run/physics-backup', '/secrets', ...secrets('monitor_token'), SCHEDULE].toSorted(),
};

const RESTORE = {
  ...EVERY,
  memoryMegabytes: 2048,
  groups: ['1000'],
  temporary: ['/data', '/tmp'],
  writable: [...SHARED, '/var/run/docker.sock'].toSorted(), // /dev/null unless DOCKER_SOCKET is set
  readable: [...secrets('neo4j_password'), SCHEDULE].toSorted(),
};

const HELPER = {
  ...EVERY,
  user: '0:0',
  capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETGID', 'SETUID'],
  memoryMegabytes: 256,
  networks: ['none'],
  temporary: ['/tmp'],
  writable: ['/application', ...SHARED].toSorted(),
  readable: [SCHEDULE],
};

/** `uid command` of every process in a container, as the host sees them. */
async function processesOf(container: string): Promise<string[]> {
  const lines = (await docker('top', container, '-eo', 'pid,uid,comm')).split('\n').slice(1);
  return lines.map((line) => line.trim().split(/\s+/).slice(1).join(' '));
}

async function created<T>(stack: Stack, work: () => Promise<T>): Promise<T> {
  await stack.mustCompose('--profile', 'restore', 'up', '--no-start', 'backup-restore', 'application-helper');
  try {
    return await work();
  } finally {
    await stack.mustCompose('--profile', 'restore', 'rm', '--stop', '--force', 'backup-restore', 'application-helper');
  }
}

describe.runIf(engine)('the rights of each container', () => {
  test.each(SERVICES)('%s has those that its backups need', async (service) => {
    const { stack, shared } = rig();
    const expected = { ...EVERY, networks: [shared.name], ...OWN[service] };
    expect(await rightsOf(stack.container(service))).toEqual(expected);
  });

  test('the monitor has those of one that looks', async () => {
    const { stack, shared } = rig();
    expect(await rightsOf(stack.container('monitor'))).toEqual({ ...MONITOR, networks: [shared.name] });
  });

  test('a recovery has the rights of a backup; what puts files back has more, and no network', async () => {
    const { stack, shared } = rig();
    await created(stack, async () => {
      expect(await rightsOf(stack.container('restore'))).toEqual({ ...RESTORE, networks: [shared.name] });
      expect(await rightsOf(`${stack.name}-application-helper`)).toEqual(HELPER);
    });
  });

  test('nothing runs as root', async () => {
    const { stack } = rig();
    for (const service of [...SERVICES, 'monitor'] as const) {
      const processes = await processesOf(stack.container(service));
      expect(processes.length).toBeGreaterThan(0);
      expect(processes.filter((line) => !line.startsWith('1000 '))).toEqual([]);
    }
  });

  test('what puts files back runs as user 1000 with four capabilities', async () => {
    const { stack } = rig();
    const helper = `${stack.name}-application-helper`;
    await stack.mustCompose('--profile', 'restore', 'up', '--detach', '--wait', 'application-helper');
    try {
      const ours = (await processesOf(helper)).filter((line) => !line.endsWith('init'));
      expect(ours.length).toBeGreaterThan(0);
      expect(ours.filter((line) => !line.startsWith('1000 '))).toEqual([]);
      const status = await docker('exec', helper, 'sh', '-c', 'cat /proc/$(pgrep -o node || pidof node)/status');
      expect(/^CapEff:\s*(\w+)$/m.exec(status)?.[1]).toBe('000000000000001b');
    } finally {
      await stack.mustCompose('--profile', 'restore', 'rm', '--stop', '--force', 'application-helper');
    }
  });
});
