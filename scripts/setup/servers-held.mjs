// Debian's server packages start their servers when they are installed, on the usual ports, and enable them for every
// boot; PostgreSQL's makes a cluster besides. None of that is wanted here: we need the programs.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { find, run, runAsRoot } from './run.mjs';

const POLICY = '/usr/sbin/policy-rc.d';
const SAVED_POLICY = '/usr/sbin/policy-rc.d.before-physics-backup';
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.d';
const CLUSTER_SETTING = `${CLUSTER_SETTINGS}/physics-backup.conf`;
const ENABLED_AT_BOOT = ['redis-server', 'prometheus', 'prometheus-alertmanager'];
const MARK = '# physics-backup set-up';

/** Does the work while packages may not start servers; afterwards the system's own rules are back. */
export async function withoutStartingServers(names, work) {
  await putBack(); // what a set-up that was killed left
  try {
    await hold();
    await work();
    for (const name of names.filter((each) => ENABLED_AT_BOOT.includes(each))) await disableAtBoot(`${name}.service`);
  } finally {
    await putBack();
  }
}

/** What a set-up that was killed left; it is put back by the next one. */
export function leftBehind() {
  return [CLUSTER_SETTING, SAVED_POLICY].find((each) => existsSync(each));
}

async function hold() {
  if (!(await policyForbids())) {
    if (existsSync(POLICY)) await runAsRoot(['mv', POLICY, SAVED_POLICY]);
    // 101: forbidden. Should we be killed, it lapses by itself.
    await installFile(POLICY, '755', `#!/bin/sh\n${MARK}\nkill -0 ${process.pid} 2>/dev/null && exit 101\nexit 0\n`);
  }
  await runAsRoot(['mkdir', '-p', CLUSTER_SETTINGS]);
  await installFile(CLUSTER_SETTING, '644', `${MARK}\ncreate_main_cluster = false\n`);
}

async function putBack() {
  if (existsSync(POLICY) && readFileSync(POLICY, 'utf8').includes(MARK)) await runAsRoot(['rm', '-f', POLICY]);
  if (existsSync(SAVED_POLICY)) await runAsRoot(['mv', SAVED_POLICY, POLICY]);
  if (!existsSync(CLUSTER_SETTING)) return;
  await runAsRoot(['rm', '-f', CLUSTER_SETTING]);
  await runAsRoot(['rmdir', '--ignore-fail-on-non-empty', CLUSTER_SETTINGS]);
}

/** Containers often have a policy that forbids everything. */
async function policyForbids() {
  if (!existsSync(POLICY)) return false;
  return run(POLICY, ['redis-server', 'start']).then(
    () => false,
    (error) => /exit code 101/.test(error.message),
  );
}

async function disableAtBoot(unit) {
  if (find('systemctl') !== undefined) await runAsRoot(['systemctl', '--quiet', 'disable', unit]);
}

async function installFile(target, mode, content) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'physics-setup-'));
  try {
    const file = path.join(directory, 'file');
    writeFileSync(file, content);
    await runAsRoot(['install', '-m', mode, '-o', 'root', '-g', 'root', file, target]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
