import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { docker } from './support/docker.ts';
import { engine, rig } from './support/rig.ts';
import { FILE, ROOT, Stack } from './support/stack.ts';

const MORE = ['docker-compose.volumes.yml', 'docker-compose.platform-volumes.yml'];
const FILES = [FILE, ...MORE.map((name) => path.join(ROOT, 'backup', name))].join(':');

describe.runIf(engine)('volumes of the engine instead of directories', () => {
  test('hold the backups, over a new start of all containers, and belong to user 1000', async () => {
    const { shared, platform } = rig();
    const platformVolumes = ['postgres', 'neo4j', 'redis'].map(
      (each) => [`${each.toUpperCase()}_VOLUME`, `${platform.project}_${each}`] as const,
    );
    const name = `${shared.name}-volumes`;
    const settings = { ...shared.passwords, BACKUP_SERVICES: 'postgres' };
    await using prepared = await Stack.prepare({ name, network: shared.name, settings });
    await prepared.withSettings({ COMPOSE_FILE: FILES, ...Object.fromEntries(platformVolumes) }, async (stack) => {
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
        for (const volume of ['backup-postgres', 'postgres-data', 'neo4j-data', 'redis-data']) {
          const checked = await stack.script(['volume_manager.sh', 'check', volume]);
          expect(checked.stdout, checked.stderr).toMatch(new RegExp(`${volume} .*\\d`));
          expect([0, 4], checked.stderr).toContain(checked.code);
        }
        const find = ['find', '/backups', '/logs', '/secrets', '/state', '!', '-uid', '1000'];
        expect(await docker('exec', stack.container('postgres'), ...find)).toBe('');
      } finally {
        await stack.compose('down', '--volumes', '--remove-orphans', '--timeout', '2');
      }
    });
    expect(await docker('volume', 'ls', '--quiet', '--filter', `name=${name}`)).toBe('');
  });
});
