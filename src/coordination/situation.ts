import type { Clock } from '../base/clock.ts';
import { asError, BackupError, reason, throwIfAborted } from '../base/errors.ts';
import type {
  Expectations,
  Knowledge,
  ServiceKnowledge,
  StoredKnowledge,
  Trouble,
  VolumeKnowledge,
  VolumeSample,
} from '../model/knowledge.ts';
import type { RunRecord, RunTotal } from '../model/runs.ts';
import type { Situation } from '../model/situation.ts';
import type { BackupType, Instant, Service } from '../model/vocabulary.ts';
import { assess } from '../policy/situation.ts';
import type { Listing } from '../repository/listing.ts';

/** Where a look reads. None of these reads an artifact, or changes anything. */
export interface SituationSources {
  readonly clock: Clock;
  readonly schedules: readonly { readonly service: Service; readonly type: BackupType; readonly cron: string }[];
  listing(service: Service, signal: AbortSignal): Promise<Listing>;
  runs(service: Service): Promise<{
    readonly runs: readonly RunRecord[];
    readonly totals: readonly RunTotal[];
    readonly torn: boolean;
  }>;
  /** The last slot of each type that the scheduler took, or since when it waits. */
  slots(service: Service): Promise<Readonly<Partial<Record<BackupType, Instant>>>>;
  /** Seconds since the scheduler's loop ran; undefined where none ever did. */
  heartbeat(service: Service): Promise<number | undefined>;
  lock(service: Service, signal: AbortSignal): Promise<ServiceKnowledge['lock']>;
  keys(): Promise<Omit<Knowledge['keys'], 'trouble'>>;
  volumes(signal: AbortSignal): Promise<readonly VolumeKnowledge[]>;
  samples(): Promise<readonly VolumeSample[]>;
}

/**
 * One look at everything. What cannot be read is not known, with the reason, and keeps nothing else from being seen:
 * only an abort is thrown.
 */
export async function gatherSituation(
  from: SituationSources,
  asked: Expectations,
  signal: AbortSignal,
): Promise<Situation> {
  return assess(await gather(from, asked, signal), asked);
}

async function gather(from: SituationSources, { services }: Expectations, signal: AbortSignal): Promise<Knowledge> {
  const at = from.clock.now();
  const known: ServiceKnowledge[] = [];
  for (const service of services) known.push(await serviceKnowledge(service, from, signal));
  const troubles: Trouble[] = [];
  const keys = await orTrouble(from.keys(), troubles, signal);
  const volumes = await orTrouble(from.volumes(signal), [], signal);
  const samples = await orTrouble(from.samples(), [], signal);
  const [trouble] = troubles;
  return {
    at,
    services: known,
    volumes: (volumes ?? []).map((each) => withStoredBytes(each, known)),
    samples: samples ?? [],
    keys: { ...keys, ...(trouble === undefined ? {} : { trouble }) },
  };
}

async function serviceKnowledge(
  service: Service,
  from: SituationSources,
  signal: AbortSignal,
): Promise<ServiceKnowledge> {
  const troubles: Trouble[] = [];
  const listing = await orTrouble(from.listing(service, signal), troubles, signal);
  const history = await orTrouble(from.runs(service), troubles, signal);
  const slots = await orTrouble(from.slots(service), troubles, signal);
  const heartbeatAge = await orTrouble(from.heartbeat(service), troubles, signal);
  const lock = await orTrouble(from.lock(service, signal), troubles, signal);
  return {
    service,
    ...(listing === undefined ? {} : { stored: storedOf(listing) }),
    troubles,
    runs: history?.runs ?? [],
    totals: history?.totals ?? [],
    runsTorn: history?.torn ?? false,
    schedules: from.schedules.filter((each) => each.service === service),
    slots: slots ?? {},
    ...(heartbeatAge === undefined ? {} : { heartbeatAge }),
    ...(lock === undefined ? {} : { lock }),
  };
}

/** What fills a volume of backups is known to the byte, where they could be read. */
function withStoredBytes(volume: VolumeKnowledge, services: readonly ServiceKnowledge[]): VolumeKnowledge {
  const stored = services.find(({ service }) => service === volume.service)?.stored;
  if (stored === undefined || volume.free === undefined) return volume;
  return { ...volume, used: stored.backups.reduce((sum, each) => sum + each.storedBytes, 0) };
}

function storedOf({ backups, damaged, gaps, missing }: Listing): StoredKnowledge {
  return { backups, damaged: damaged.map((each) => `${each.path} (${reason(each.error)})`), gaps, missing };
}

async function orTrouble<T>(part: Promise<T>, troubles: Trouble[], signal: AbortSignal): Promise<T | undefined> {
  try {
    return await part;
  } catch (error) {
    throwIfAborted(signal);
    troubles.push(troubleOf(asError(error)));
    return undefined;
  }
}

function troubleOf(error: Error): Trouble {
  const message = reason(error);
  if (!(error instanceof BackupError)) return { kind: 'failed', message };
  return { kind: error.kind, message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}
