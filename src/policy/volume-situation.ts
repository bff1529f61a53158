import type { Expectations, VolumeKnowledge, VolumeSample } from '../model/knowledge.ts';
import type { Health, VolumeSituation } from '../model/situation.ts';
import type { Instant } from '../model/vocabulary.ts';

/** What a volume's figures mean; one without figures is unknown. Pure. */
export function volumeSituation(
  known: VolumeKnowledge,
  samples: readonly VolumeSample[],
  at: Instant,
  asked: Expectations,
): VolumeSituation {
  const { volume, size, free, used, why } = known;
  const usedPercent = size === undefined || free === undefined || size <= 0 ? undefined : (1 - free / size) * 100;
  const fullIn =
    free === undefined ? undefined : fullInSeconds([...ownSamples(samples, volume, at), { volume, at, free }]);
  return {
    volume,
    health: healthOf(usedPercent, asked),
    ...(usedPercent === undefined ? {} : { usedPercent }),
    ...(used === undefined ? {} : { usedBytes: used }),
    ...(free === undefined ? {} : { freeBytes: free }),
    ...(fullIn === undefined ? {} : { fullInSeconds: fullIn }),
    ...(why === undefined ? {} : { why }),
  };
}

function healthOf(usedPercent: number | undefined, { warnPercent, criticalPercent }: Expectations): Health {
  if (usedPercent === undefined) return 'unknown';
  if (usedPercent >= criticalPercent) return 'critical';
  return usedPercent >= warnPercent ? 'warning' : 'ok';
}

/** What happened before says nothing of the week to come. */
const TREND_SECONDS = 7 * 86_400;
/** Less is noise: a backup that comes and goes. */
const LEAST_SECONDS = 12 * 3600;
const LEAST_SAMPLES = 4;
/** Further away nobody needs to know. */
const MOST_SECONDS = 365 * 86_400;

function ownSamples(samples: readonly VolumeSample[], volume: string, at: Instant): VolumeSample[] {
  return samples.filter((each) => {
    const age = (Date.parse(at) - Date.parse(each.at)) / 1000;
    return each.volume === volume && age > 0 && age <= TREND_SECONDS;
  });
}

/** By the line of least squares through what was free; undefined where it does not fall, or too little is known. */
export function fullInSeconds(samples: readonly VolumeSample[]): number | undefined {
  const points = samples.map(({ at, free }) => ({ x: Date.parse(at) / 1000, y: free }));
  const last = points.at(-1);
  const span = (last?.x ?? 0) - (points[0]?.x ?? 0);
  if (last === undefined || points.length < LEAST_SAMPLES || span < LEAST_SECONDS) return undefined;
  const mean = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((each) => each.x), mean((each) => each.y)];
  const slope = mean((each) => (each.x - x) * (each.y - y)) / mean((each) => (each.x - x) ** 2);
  const seconds = slope < 0 ? last.y / -slope : undefined;
  return seconds === undefined || seconds > MOST_SECONDS ? undefined : seconds;
}
