import { BackupError } from '../../base/errors.ts';
import type { Source } from '../../model/source.ts';
import { FULL_TYPES } from '../../model/vocabulary.ts';
import { captureTrees } from './capture.ts';
import { checkTreeContent } from './content.ts';
import { inspectTrees } from './inspect.ts';
import { type ApplicationSettings, treesIdentity } from './settings.ts';
import { placesOf, stageTrees } from './stage.ts';
import { StagedTrees } from './staged.ts';

/** Directories of the application (docs/architecture.md, "The four services"). */
export function applicationSource(settings: ApplicationSettings): Source {
  return {
    service: 'application',
    capabilities: {
      types: FULL_TYPES,
      pointInTime: false,
      stopsProduction: false,
    },
    inspect: (context) => inspectTrees(settings, context),
    capture: (_type, sink, momentFixed, context) => captureTrees(settings, sink, momentFixed, context),
    checkContent: (backup, context) => checkTreeContent(backup, context),
    stage: (request, journal, _safety, context) => stageTrees(settings, request, journal, context),
    attach(handle, notes, journal) {
      const ours = treesIdentity(settings);
      if (handle.server === ours) return Promise.resolve(new StagedTrees(handle, placesOf(handle), journal, notes));
      const message = `the restore was begun for "${handle.server}", this is "${ours}"`;
      return Promise.reject(new BackupError(message, { kind: 'failed', hint: 'set APPLICATION_PATHS back' }));
    },
  };
}
