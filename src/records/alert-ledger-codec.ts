import * as v from 'valibot';
import { ALERT_KINDS, type AlertLedger } from '../model/alerts.ts';
import { BACKUP_TYPES, SERVICES } from '../model/vocabulary.ts';

/** In UTC, and on a day that exists. */
const instant = v.pipe(
  v.string(),
  v.regex(/^[^ ]+Z$/),
  v.isoTimestamp(),
  v.check((text) => Number.isNaN(Date.parse(text)) || new Date(text).toISOString().startsWith(text.slice(0, 10))),
);
const condition = v.object({
  key: v.string(),
  name: v.string(),
  severity: v.picklist(['critical', 'warning']),
  service: v.exactOptional(v.picklist(SERVICES)),
  type: v.exactOptional(v.picklist(BACKUP_TYPES)),
  volume: v.exactOptional(v.string()),
  summary: v.string(),
  hint: v.string(),
});
const told = v.object({ condition, since: instant });
const message = v.object({
  id: v.string(),
  kind: v.picklist(ALERT_KINDS),
  at: instant,
  group: v.string(),
  alerts: v.array(told),
});

const LINE = v.union([
  v.object({ known: v.object({ ...told.entries, toldAt: instant, clearSince: v.exactOptional(instant) }) }),
  v.object({ ended: v.object({ ...told.entries, endedAt: instant }) }),
  v.object({ letter: v.object({ receiver: v.string(), message }) }),
  v.object({ end: v.object({ lines: v.pipe(v.number(), v.finite()), receivers: v.array(v.string()) }) }),
]);
type Line = v.InferOutput<typeof LINE>;

/** A line for each thing, so that damage to one is not damage to all; the last says how many there are. */
export function printLedger({ known, ended, letters, receivers }: AlertLedger): string {
  const lines: Line[] = [
    ...known.map((each) => ({ known: each })),
    ...ended.map((each) => ({ ended: each })),
    ...letters.map((each) => ({ letter: { ...each, message: { ...each.message, alerts: [...each.message.alerts] } } })),
  ];
  const end: Line = { end: { lines: lines.length, receivers: [...receivers] } };
  return [...lines, end].map((each) => `${JSON.stringify(each)}\n`).join('');
}

/** What can be read of it, and in words what cannot; an empty text is an empty ledger. */
export function parseLedger(text: string): { ledger: AlertLedger; damage: string | undefined } {
  const texts = text.split('\n').filter((line) => line !== '');
  const lines = texts.flatMap((line) => parseLine(line) ?? []);
  const end = lines.flatMap((line) => ('end' in line ? [line.end] : [])).at(-1);
  const ledger = {
    known: lines.flatMap((line) => ('known' in line ? [line.known] : [])),
    ended: lines.flatMap((line) => ('ended' in line ? [line.ended] : [])),
    letters: lines.flatMap((line) => ('letter' in line ? [line.letter] : [])),
    receivers: end?.receivers ?? [],
  };
  return { ledger, damage: damageOf(texts.length, lines.length, end?.lines) };
}

function parseLine(text: string): Line | undefined {
  try {
    const parsed = v.safeParse(LINE, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function damageOf(texts: number, lines: number, expected: number | undefined): string | undefined {
  if (texts === 0) return undefined;
  if (lines < texts) return `${texts - lines} of ${texts} lines cannot be read`;
  return expected === lines - 1 ? undefined : 'lines are missing at its end';
}
