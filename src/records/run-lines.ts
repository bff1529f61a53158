import { resultOf, RUN_KINDS, type RunRecord, type RunTotal } from '../model/runs.ts';
import { isBackupType, isService } from '../model/vocabulary.ts';

/** The lines of a run history: records, and at its beginning how many older ones were counted and left out. */
export interface RunLines {
  /** Oldest first. */
  readonly runs: readonly RunRecord[];
  /** Runs that are no longer among them. */
  readonly earlier: readonly RunTotal[];
  /** Whether a line was cut by a crash, or damaged. */
  readonly torn: boolean;
}

export function printRun(run: RunRecord): string {
  return `${JSON.stringify(run)}\n`;
}

export function printLines(runs: readonly RunRecord[], earlier: readonly RunTotal[]): string {
  return `${JSON.stringify({ earlier })}\n${runs.map((each) => printRun(each)).join('')}`;
}

/** What can be read of a history; lines that cannot are left out. */
export function parseLines(text: string): RunLines {
  const lines = text.split('\n');
  const last = lines.pop();
  const values = lines.map((line) => parsed(line));
  return {
    runs: values.filter((each) => isRun(each)),
    earlier: values.flatMap((each) => (isEarlier(each) ? each.earlier : [])),
    torn: last !== '' || values.some((each) => !isRun(each) && !isEarlier(each)),
  };
}

/** The sums of what was counted before and of more runs. */
export function totalsOf(runs: readonly RunRecord[], earlier: readonly RunTotal[]): RunTotal[] {
  const totals = new Map<string, RunTotal>();
  for (const total of [...earlier, ...runs.map((each) => totalOf(each))]) {
    const key = `${total.kind} ${total.type ?? ''} ${total.result}`;
    totals.set(key, { ...total, count: total.count + (totals.get(key)?.count ?? 0) });
  }
  return [...totals.values()];
}

function totalOf(run: RunRecord): RunTotal {
  const { kind, type } = run;
  return { kind, ...(type === undefined ? {} : { type }), result: resultOf(run), count: 1 };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function isRun(value: unknown): value is RunRecord {
  const { kind, service, type, began, seconds, code, trigger } = (value ?? {}) as Partial<RunRecord>;
  return (
    RUN_KINDS.some((each) => each === kind) &&
    service !== undefined &&
    isService(service) &&
    (type === undefined || isBackupType(type)) &&
    !Number.isNaN(Date.parse(began ?? '')) &&
    typeof seconds === 'number' &&
    typeof code === 'number' &&
    (trigger === 'schedule' || trigger === 'command')
  );
}

function isEarlier(value: unknown): value is { readonly earlier: readonly RunTotal[] } {
  return Array.isArray((value as { earlier?: unknown } | null | undefined)?.earlier);
}
