import { type Ended, type Environment, run } from './docker.ts';

export interface OneOff {
  readonly image: string;
  readonly network: string;
  /** Handed over by name: values travel in the environment. */
  readonly environment: Environment;
  /** Options of the file system at /backups (tmpfs). */
  readonly backups?: string;
  readonly memory?: string;
}

/** Runs a script in a container of its own, with the rights of the shipped ones and directories that end with it. */
export function oneOff(
  { image, network, environment, backups = '', memory = '512m' }: OneOff,
  script: string,
): Promise<Ended> {
  const places = ['/logs', '/secrets', '/state', '/run/physics-backup'].map((each) => `${each}:uid=1000,gid=1000`);
  const mounts = ['/tmp', `/backups:uid=1000,gid=1000${backups}`, ...places].flatMap((each) => ['--tmpfs', each]);
  const names = Object.keys(environment).flatMap((name) => ['--env', name]);
  const limits = [
    '--read-only',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
    '--init',
    '--memory',
    memory,
  ];
  const words = ['run', '--rm', '--network', network, ...limits, ...mounts, ...names, '--entrypoint', 'sh', image];
  return run(['docker', ...words, '-c', script], environment);
}
