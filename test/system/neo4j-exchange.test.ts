import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { NEO4J_HOME } from '../../platform/host.ts';
import { SEEDS } from '../../platform/seed.ts';
import { startNeo4j } from '../../platform/servers/neo4j.ts';
import { serverUser } from '../../platform/servers/runner.ts';
import type { ThrowawayServer } from '../../platform/servers/server.ts';
import { testProcesses } from '../support/file-backup.ts';
import { CHANGE, type Fingerprint, fingerprintOf, nameState } from '../support/system/live.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { takeBackup } from '../support/system/rig.ts';
import { openSite, type Site, wrap } from '../support/system/site.ts';

vi.setConfig({ testTimeout: 900_000, hookTimeout: 600_000 }); // a real server is started again and again

let neo4j: ThrowawayServer;
let control: string;
let site: Site;
let backup: string;
const states: Record<string, Fingerprint> = {};

/** What an operator would have: stops the server and waits for it, or starts it in the background. */
function controlScript(directory: string): string {
  const user = process.getuid?.() === 0 ? `setpriv --reuid ${serverUser} --regid ${serverUser} --clear-groups --` : '';
  return `
export PATH=/usr/local/bin:/usr/bin:/bin NEO4J_HOME='${NEO4J_HOME}' NEO4J_CONF='${directory}/conf' HOME='${directory}'
cd '${directory}'
case "$1" in
  start) exec ${user} "$NEO4J_HOME/bin/neo4j" start >/dev/null 2>&1 ;;
  stop) read -r pid <run/neo4j.pid; kill "$pid" && while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done ;;
esac`;
}

beforeAll(async () => {
  neo4j = await startNeo4j({ detached: true });
  await SEEDS.neo4j(neo4j.environment, { scale: 1, seed: 1 });
  site = await openSite(['neo4j'], {
    ...neo4j.environment,
    NEO4J_DATA_DIR: path.join(neo4j.directory, 'data'),
    NEO4J_STOP_COMMAND: '["neo4j-control","stop"]',
    NEO4J_START_COMMAND: '["neo4j-control","start"]',
  });
  control = await wrap(site, 'neo4j-control', controlScript(neo4j.directory));
  states['old'] = await fingerprintOf('neo4j', site.environment);
  backup = await takeBackup(site, 'neo4j');
  await CHANGE.neo4j(site.environment);
  states['new'] = await fingerprintOf('neo4j', site.environment);
});
afterAll(async () => {
  const stopping = { file: control, args: ['stop'], okCodes: [0, 1] };
  if (control !== undefined) await testProcesses.run(stopping, new AbortController().signal);
  await neo4j?.remove();
  await site?.[Symbol.asyncDispose]();
});

const state = (): Promise<string> => nameState('neo4j', site.environment, states);

async function placesLeft(): Promise<string[]> {
  return (await readdir(path.join(neo4j.directory, 'data'))).filter((name) => name.startsWith('physics-backup'));
}

test('a restore that is killed while the server is stopped is put back by the next run, whichever it is', async () => {
  const environment = { PHYSICS_BACKUP_CRASH_AT: 'neo4j.moved-in' };
  expect((await site.run(['restore', backup], { environment })).killedBy).toBe('SIGKILL');
  await expect(state()).rejects.toThrow('ECONNREFUSED');
  await site.good(['backup', 'neo4j', 'manual']);
  expect(await state()).toBe('new');
  expect(await leftovers(site)).toEqual([]);
  expect(await placesLeft()).toEqual([]);
});

test('a restore exchanges the store, and finish removes what it replaced', async () => {
  await site.good(['restore', backup]);
  expect(await state()).toBe('old');
  expect(await placesLeft()).toHaveLength(1);
  await site.good(['recover', 'finish']);
  expect(await placesLeft()).toEqual([]);
  expect(await state()).toBe('old');
  expect(await leftovers(site)).toEqual([]);
});

test('half a control is an error, and a wrong one does not keep a backup from being taken', async () => {
  const { code, stderr } = await site.run(['backup', 'neo4j', 'manual'], { environment: { NEO4J_STOP_COMMAND: '' } });
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('NEO4J_STOP_COMMAND') as string });
  const away = { NEO4J_CONTAINER: 'nowhere', DOCKER_HOST: 'unix:///nowhere/docker.sock' };
  const doctor = await site.run(['doctor'], { environment: away });
  expect(doctor.stdout).toContain('restores would rewrite the graph');
});
