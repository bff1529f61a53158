import type { Source } from '../model/source.ts';
import type { Service } from '../model/vocabulary.ts';

/** For commands that read manifests only: a source whose drivers are not loaded, which takes most of a start. */
export function unreachedSource(service: Service): Source {
  const never = (): Promise<never> => Promise.reject(new Error(`the source of ${service} was not loaded`));
  return {
    service,
    capabilities: { types: [], pointInTime: false, stopsProduction: false },
    inspect: never,
    capture: never,
    checkContent: never,
    stage: never,
    attach: never,
  };
}
