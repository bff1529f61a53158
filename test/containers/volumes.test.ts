import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { docker } from './support/docker.ts';
import { engine, rig } from './support/rig.ts';
import { FILE, ROOT, Stack } from './support/stack.ts';

const FILES = [FILE, path.join(ROOT, 'backup', 'docker-compose.volumes.yml')].join(':');

describe.runIf(engine)('volumes of the engine instead of directories', () => {
  test('hold the backups, over a new start of all containers, and belong to user 1000', async () => {
    const { shared } = rig();
    const name = `${shared.name}-volumes`;
    const settings = { ...shared.passwords, BACKUP_SERVICES: 'postgres' };
    await using prepared = await Stack.prepare({ name, network: shared.name, settings });
    await prepared.withSettings({ COMPOSE_FILE: FILES }, async (stack) => {
      try {
        const up = ['up', '--detach', '--wait', 'postgres-backup', 'backup-monitor'];
        await stack.mustCompose(...up);
        const taken = await stack.exec('postgres', '/scripts/scheduler.sh', 'backup', 'postgres', 'daily');
        expect(taken, taken.stderr).toMatchObject({ code: 0 });
        const [id = ''] = /postgres_daily_\d{8}_\d{6}/.exec(taken.stdout) ?? [];

        await stack.mustCompose('down');
        await stack.mustCompose(...up);
        expect((await stack.exec('postgres', 'physics-backup', 'list')).stdout).toContain(id);
        const status = await stack.script(['scheduler.sh', 'status']);
        expect(status.stdout, status.stderr).toMatch(/postgres/);
        const volumes = await stack.script(['volume_manager.sh', 'check', 'backup-postgres']);
        expect(volumes.stdout, volumes.stderr).toContain('backup-postgres');
        const find = ['find', '/backups', '/logs', '/secrets', '/state', '!', '-uid', '1000'];
        expect(await docker('exec', stack.container('postgres'), ...find)).toBe('');
      } finally {
        await stack.compose('down', '--volumes', '--timeout', '2');
      }
    });
    expect(await docker('volume', 'ls', '--quiet', '--filter', `name=${name}`)).toBe('');
  });
});
