import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Reached } from '../base/crash-points.ts';
import type { Log } from '../base/log.ts';
import type { Processes } from '../base/processes.ts';
import type { Settings } from '../config/schema.ts';
import { Keyring, KEYRING_FILE } from '../repository/keyring.ts';
import type { KnownHere } from '../repository/known-here.ts';
import { crashPointsOf } from '../repository/local-steps.ts';
import { lookIn } from '../repository/look.ts';
import { Repository } from '../repository/repository.ts';
import { LocalStore } from '../stores/local.ts';

export interface RepositoryTools {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly reached: Reached;
  readonly log: Log;
  readonly knownHere?: KnownHere;
}

/** `write` may make the keyring on first use, `read` never makes anything, `none` opens no backup. */
export type Purpose = 'none' | 'read' | 'write';

export async function openRepository(
  settings: Settings,
  purpose: Purpose,
  tools: RepositoryTools,
  signal: AbortSignal,
): Promise<Repository> {
  const { directory, secrets, compression, level, encryption } = settings.repository;
  const store = new LocalStore(directory, crashPointsOf(tools.reached));
  const look = lookIn([store], signal);
  const unused = purpose === 'read' && !hasKeyring(settings) && (await look()) === undefined;
  const keyring = unused || purpose === 'none' ? await unusedKeyring() : await Keyring.open(secrets, look, tools.clock);
  const seal = { compression, level, encryption, threads: 0 };
  return new Repository({ store, directory, stateDirectory: settings.run.state, keyring, seal, ...tools });
}

export function hasKeyring({ repository }: Settings): boolean {
  return existsSync(path.join(repository.secrets, KEYRING_FILE));
}

/** Where there is no backup there is nothing to open: a keyring that is kept nowhere. */
async function unusedKeyring(): Promise<Keyring> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'physics-backup-'));
  try {
    return await Keyring.open(directory, () => Promise.resolve(undefined));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
