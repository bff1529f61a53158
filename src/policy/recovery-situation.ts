import type { BackupSummary } from '../model/backup.ts';
import type { Expectations, Knowledge, Trouble } from '../model/knowledge.ts';
import type { RecoverySituation, Target } from '../model/situation.ts';
import type { Instant } from '../model/vocabulary.ts';
import { candidateOf, choosePoint, type PointRequest, type RecoveryPoint } from './recovery-point.ts';
import { isDone } from './type-situation.ts';

/** Could the platform be recovered now, by the choice that `recover latest` would make. Pure. */
export function recoverySituation(known: Knowledge, asked: Expectations): RecoverySituation {
  const rto = { targetSeconds: asked.rtoSeconds };
  const rpo = { targetSeconds: asked.rpoSeconds };
  const nothing = { choice: [], warnings: [], rpo, rto };
  const trouble = troubleOf(known, asked);
  if (trouble?.kind === 'keys') return { ...nothing, possible: 'no', why: trouble.message };
  if (trouble !== undefined) return { ...nothing, possible: 'unknown', why: trouble.message };
  const candidates = known.services.flatMap(({ stored }) => (stored?.backups ?? []).map((each) => candidateOf(each)));
  const request: PointRequest = {
    selector: 'latest',
    services: asked.services,
    allowFuzzy: false,
    allowSuspect: false,
  };
  const { point, reasons } = choosePoint(candidates, request);
  if (point === undefined) return { ...nothing, possible: 'no', why: whyNot(candidates, request, reasons) };
  return possible(point, known, asked);
}

/** Why it cannot be told; missing keys first, for they are known to prevent it. */
function troubleOf({ services, keys }: Knowledge, asked: Expectations): Trouble | undefined {
  const blind = asked.services.flatMap((service): readonly Trouble[] => {
    const found = services.find((each) => each.service === service);
    if (found?.stored !== undefined) return [];
    const unseen: Trouble = { kind: 'failed', message: `${service}: its backups were not looked at` };
    return [...(found?.troubles ?? []), unseen];
  });
  const troubles = [...(keys.trouble === undefined ? [] : [keys.trouble]), ...blind];
  return troubles.find((each) => each.kind === 'keys') ?? troubles[0];
}

/** Of each service of which `choosePoint` has none. */
const NO_USABLE = ': no usable backup';

function whyNot(
  candidates: Parameters<typeof choosePoint<BackupSummary>>[0],
  request: PointRequest,
  reasons: readonly string[],
): string {
  const { point } = choosePoint(candidates, { ...request, allowFuzzy: true, allowSuspect: true });
  const missing = reasons.filter((each) => each.endsWith(NO_USABLE)).map((each) => each.slice(0, -NO_USABLE.length));
  const why = missing.length === 0 ? (reasons[0] ?? 'there is no backup') : `${missing.join(', ')}${NO_USABLE}`;
  return point === undefined ? why : `${why} but suspect or fuzzy ones (--allow-suspect, --allow-fuzzy)`;
}

function possible(point: RecoveryPoint<BackupSummary>, known: Knowledge, asked: Expectations): RecoverySituation {
  const moments = point.backups.map((each) => each.moment).toSorted();
  const [from, to] = [moments.at(0), moments.at(-1)];
  const estimate = estimatedSeconds(known);
  return {
    possible: 'yes',
    why: point.id === undefined ? 'by the newest backup of each service' : `by ${point.id}`,
    warnings: point.warnings,
    ...(point.id === undefined ? {} : { point: point.id }),
    choice: point.backups.map(({ service, id, moment, verified }) => ({ service, id, at: moment, verified })),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    skewSeconds: point.skewSeconds,
    ...(estimate === undefined ? {} : { estimatedSeconds: estimate }),
    rpo: target(asked.rpoSeconds, from === undefined ? undefined : age(from, known.at)),
    rto: target(asked.rtoSeconds, estimate),
  };
}

/** As long as the last recovery of the whole took: nothing else says it honestly. */
function estimatedSeconds({ services }: Knowledge): number | undefined {
  const last = services.map(({ runs }) => runs.findLast((run) => run.kind === 'recover' && isDone(run))?.seconds);
  const seconds = last.filter((each) => each !== undefined);
  return seconds.length === 0 || seconds.length < services.length ? undefined : Math.max(...seconds);
}

/** Negative ages are those of clocks that were wrong: nothing is known then. */
export function target(targetSeconds: number, actualSeconds: number | undefined): Target {
  if (actualSeconds === undefined || actualSeconds < 0) return { targetSeconds };
  return { targetSeconds, actualSeconds, met: actualSeconds <= targetSeconds };
}

export function age(moment: Instant, at: Instant): number {
  return (Date.parse(at) - Date.parse(moment)) / 1000;
}
