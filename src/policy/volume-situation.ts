import type { Expectations, VolumeKnowledge } from '../model/knowledge.ts';
import type { Health, VolumeSituation } from '../model/situation.ts';

/** What a volume's figures mean; one without figures is unknown. Pure. */
export function volumeSituation(known: VolumeKnowledge, asked: Expectations): VolumeSituation {
  const { volume, size, free, used, why } = known;
  const usedPercent = size === undefined || free === undefined || size <= 0 ? undefined : (1 - free / size) * 100;
  return {
    volume,
    health: healthOf(usedPercent, asked),
    ...(usedPercent === undefined ? {} : { usedPercent }),
    ...(used === undefined ? {} : { usedBytes: used }),
    ...(free === undefined ? {} : { freeBytes: free }),
    ...(why === undefined ? {} : { why }),
  };
}

function healthOf(usedPercent: number | undefined, { warnPercent, criticalPercent }: Expectations): Health {
  if (usedPercent === undefined) return 'unknown';
  if (usedPercent >= criticalPercent) return 'critical';
  return usedPercent >= warnPercent ? 'warning' : 'ok';
}
