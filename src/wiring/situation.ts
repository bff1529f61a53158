import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { secondsBetween } from '../base/clock.ts';
import { BackupError, systemCode } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import type { Log } from '../base/log.ts';
import type { Configuration } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import { gatherSituation, type SituationSources } from '../coordination/situation.ts';
import { Heartbeat } from '../daemons/heartbeat.ts';
import type { SlotRecord } from '../daemons/slot-records.ts';
import type { Expectations } from '../model/knowledge.ts';
import type { Situation } from '../model/situation.ts';
import type { BackupType, Instant, Service } from '../model/vocabulary.ts';
import { openListing } from '../operations/history.ts';
import { VolumeHistory } from '../records/volume-history.ts';
import { RunHistory } from '../records/run-history.ts';
import { Keyring } from '../repository/keyring.ts';
import { KnownHere } from '../repository/known-here.ts';
import { volumeLook } from './volumes.ts';
import { openRepository, type RepositoryTools } from './repository.ts';
import { type Surroundings, toolsIn } from './surroundings.ts';

const MEGABYTE = 1_000_000;

/** Makes looks at the situation of the platform that the configuration describes; each reads anew what has changed. */
export function situationLook(
  configuration: Configuration,
  around: Surroundings,
  log: Log,
): (signal: AbortSignal) => Promise<Situation> {
  const settings = configuration.settings();
  const tools = { ...toolsIn(around, log), knownHere: new KnownHere() };
  const asked = expectationsOf(settings);
  const sources = sourcesOf(settings, configuration.schedules(), tools);
  return (signal) => gatherSituation(sources, asked, signal);
}

function expectationsOf({ services, recovery, run, monitor, volumes, retention }: Settings): Expectations {
  return {
    services: services.expected,
    zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    maxAgeHours: monitor.maxAgeHours,
    minSizeBytes: monitor.minSizeMegabytes * MEGABYTE,
    rtoSeconds: recovery.rtoMinutes * 60,
    rpoSeconds: recovery.rpoHours * 3600,
    timeLimitSeconds: run.timeout,
    warnPercent: volumes.warnPercent,
    criticalPercent: volumes.criticalPercent,
    cleanup: retention.enabled,
    validation: run.validation,
  };
}

function sourcesOf(
  settings: Settings,
  schedules: SituationSources['schedules'],
  tools: RepositoryTools,
): SituationSources {
  const { repository: places, run, services } = settings;
  const history = new RunHistory(run.state);
  const opened = async (signal: AbortSignal) => {
    await assertThere(places.directory);
    return await openRepository(settings, 'read', tools, signal);
  };
  return {
    clock: tools.clock,
    schedules,
    listing: (service, signal) =>
      reading(places.directory, async () => await openListing(service, await opened(signal), signal)),
    runs: (service) => history.read(service),
    slots: (service) => readSlots(run.state, service),
    heartbeat: (service) => new Heartbeat(services.sockets, service).age(),
    async lock(service, signal) {
      const held = await (await openRepository(settings, 'none', tools, signal)).heldLock(service, signal);
      if (held === undefined) return undefined;
      const ageSeconds = Math.max(0, secondsBetween(held.since, tools.clock.now()));
      return { ageSeconds, ...(held.holder === '' ? {} : { holder: held.holder }) };
    },
    async keys() {
      const state = await Keyring.state(places.secrets);
      if (state === undefined) return {};
      return { active: state.currentId, ...(state.created === undefined ? {} : { createdAt: state.created }) };
    },
    volumes: volumeLook(settings),
    samples: () => new VolumeHistory(run.state).read(),
  };
}

/** A volume that is not mounted, or that this user may not enter, is not an empty one. */
async function assertThere(directory: string): Promise<void> {
  const found = await stat(directory).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError('reading', directory, error);
  });
  if (found?.isDirectory() === true) return;
  throw new BackupError(`the backups cannot be read: there is no directory ${directory}`, {
    kind: 'unreachable',
    hint: 'mount the volume of the backups, or set BACKUP_DIR',
  });
}

async function reading<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw systemCode(error) === undefined ? error : fileError('reading', directory, error);
  }
}

/** Only what is needed of the scheduler's records: the slot of each type. */
async function readSlots(
  stateDirectory: string,
  service: Service,
): Promise<Readonly<Partial<Record<BackupType, Instant>>>> {
  const file = path.join(stateDirectory, 'scheduler', `${service}.json`);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return '{}';
    throw fileError('reading', file, error);
  });
  try {
    const records = JSON.parse(text) as Partial<Record<BackupType, SlotRecord>>;
    return Object.fromEntries(Object.entries(records).map(([type, { slot }]) => [type, slot]));
  } catch {
    throw new BackupError(`${file} is damaged: what the scheduler missed is not known`, {
      kind: 'failed',
      hint: 'the next scheduled run replaces it',
    });
  }
}
