import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Settings } from '../config/schema.ts';
import type { VolumeKnowledge } from '../model/knowledge.ts';
import { fileSystemFigures, ownBytes, type VolumePlace, volumesBelow } from '../records/volumes.ts';

/** Looks at the volumes of backups, and at those that are mounted for us; their files are counted now and then. */
export function volumeLook(settings: Settings): (signal: AbortSignal) => Promise<readonly VolumeKnowledge[]> {
  const { volumes, services, repository } = settings;
  const counted = new Map<string, { readonly at: number; readonly own: Awaited<ReturnType<typeof ownBytes>> }>();
  const count = async (place: VolumePlace, signal: AbortSignal): ReturnType<typeof ownBytes> => {
    const last = counted.get(place.volume);
    if (last !== undefined && performance.now() - last.at < volumes.interval * 1000) return last.own;
    const own = await ownBytes(place, signal);
    counted.set(place.volume, { at: performance.now(), own });
    return own;
  };
  return async (signal) => {
    const backups = services.expected.map((service) => {
      const place = { volume: `backup-${service}`, directory: nearest(repository.directory, service), service };
      return fileSystemFigures(place);
    });
    const mounted = (await volumesBelow(volumes.directory)).map(async (place) => {
      const figures = await fileSystemFigures(place);
      return figures.free === undefined ? figures : withOwn(figures, await count(place, signal));
    });
    return await Promise.all([...mounted, ...backups]);
  };
}

function withOwn(figures: VolumeKnowledge, { bytes, why }: Awaited<ReturnType<typeof ownBytes>>): VolumeKnowledge {
  return { ...figures, ...(bytes === undefined ? {} : { used: bytes }), ...(why === undefined ? {} : { why }) };
}

/** A service that was never backed up has no directory of its own yet. */
function nearest(directory: string, service: string): string {
  const own = path.join(directory, service);
  return existsSync(own) ? own : directory;
}
