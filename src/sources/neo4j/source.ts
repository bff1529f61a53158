import { BackupError } from '../../base/errors.ts';
import { BACKUP_TYPES, type BackupType } from '../../model/vocabulary.ts';
import type { Source } from '../../model/source.ts';
import { captureGraph } from './capture.ts';
import { checkScript } from './content.ts';
import { inspectGraph } from './inspect.ts';
import { liveAddress, type Neo4jSettings } from './settings.ts';
import { attachGraph, stageGraph } from './stage.ts';

const TYPES: readonly BackupType[] = BACKUP_TYPES.filter((type) => type !== 'incremental' && type !== 'schema');

/**
 * Neo4j 5 Community over Bolt: an online export to a Cypher script, restored by rewriting the live graph after it was
 * rehearsed in a sandbox. Users and roles, which are in database `system`, are not part of it.
 */
export function neo4jSource(settings: Neo4jSettings): Source {
  return {
    service: 'neo4j',
    capabilities: { types: TYPES, pointInTime: false, stopsProduction: false },
    inspect: (context) => inspectGraph(settings, context),
    async capture(type, sink, momentFixed, context) {
      if (!TYPES.includes(type)) throw new BackupError(`neo4j: no backups of type ${type}`, { kind: 'usage' });
      return await captureGraph(liveAddress(settings), sink, momentFixed, context);
    },
    checkContent: checkScript,
    stage: (request, journal, safety, context) => stageGraph(request, settings, { journal, safety }, context),
    attach: (handle, notes, journal, safety, context) =>
      attachGraph(handle, notes, settings, { journal, safety }, context),
  };
}
