import { BackupError } from '../../base/errors.ts';
import type { Source } from '../../model/source.ts';
import { FULL_TYPES } from '../../model/vocabulary.ts';
import { captureRdb } from './capture.ts';
import { checkRdbContent } from './content.ts';
import { inspectRedis } from './inspect.ts';
import { type RedisSettings, serverIdentity } from './settings.ts';
import { stageRedis } from './stage.ts';
import { StagedRedis } from './staged.ts';

/** Redis 6.2 and newer, one server with any number of databases (docs/architecture.md, "The four services"). */
export function redisSource(settings: RedisSettings): Source {
  return {
    service: 'redis',
    capabilities: {
      types: FULL_TYPES,
      pointInTime: false,
      stopsProduction: false,
    },
    inspect: (context) => inspectRedis(settings, context),
    capture: (_type, sink, momentFixed, context) => captureRdb(settings, sink, momentFixed, context),
    checkContent: (backup, context) => checkRdbContent(settings, backup, context),
    stage: (request, journal, safety, context) => stageRedis(settings, request, journal, safety, context),
    attach(handle, notes, journal, safety) {
      if (handle.server !== serverIdentity(settings)) {
        const message = `redis: the restore was begun on ${handle.server}, this is ${serverIdentity(settings)}`;
        return Promise.reject(new BackupError(message, { kind: 'failed', hint: 'set REDIS_HOST and REDIS_PORT back' }));
      }
      return Promise.resolve(new StagedRedis({ handle, settings, journal, safety, notes }));
    },
  };
}
