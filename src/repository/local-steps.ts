import type { CrashPoint, Reached } from '../base/crash-points.ts';
import type { OnStep, PutStep } from '../stores/local.ts';
import { MANIFEST_SUFFIX, parseKey, PROOF_SUFFIX, TAGS_SUFFIX } from './names.ts';

/** The crash points that lie inside a put of a local store, for `new LocalStore(root, crashPointsOf(reached))`. */
export function crashPointsOf(reached: Reached): OnStep {
  return async (step, key) => {
    const point = pointOf(step, key);
    if (point !== undefined) await reached(point);
  };
}

function pointOf(step: PutStep, key: string): CrashPoint | undefined {
  const rest = parseKey(key)?.rest;
  if (step === 'written') return undefined;
  if (rest === undefined) return step === 'placed' && key.endsWith('/metadata.json') ? 'catalogue.written' : undefined;
  if (rest === MANIFEST_SUFFIX) return step === 'synced' ? 'manifest.written' : 'manifest.linked';
  if (rest === PROOF_SUFFIX) return step === 'placed' ? 'proof.written' : undefined;
  if (rest.endsWith(TAGS_SUFFIX)) return undefined;
  return step === 'synced' ? 'artifact.synced' : 'artifact.renamed';
}
