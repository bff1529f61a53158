import { z } from 'zod';
import { ALERT_KINDS, type AlertLedger } from '../model/alerts.ts';
import { BACKUP_TYPES, SERVICES } from '../model/vocabulary.ts';

const instant = z.iso.datetime();
const condition = z.object({
  key: z.string(),
  name: z.string(),
  severity: z.enum(['critical', 'warning']),
  service: z.enum(SERVICES).exactOptional(),
  type: z.enum(BACKUP_TYPES).exactOptional(),
  volume: z.string().exactOptional(),
  summary: z.string(),
  hint: z.string(),
});
const told = z.object({ condition, since: instant });
const message = z.object({
  id: z.string(),
  kind: z.enum(ALERT_KINDS),
  at: instant,
  group: z.string(),
  alerts: z.array(told),
});

const LINE = z.union([
  z.object({ known: told.extend({ toldAt: instant, clearSince: instant.exactOptional() }) }),
  z.object({ ended: told.extend({ endedAt: instant }) }),
  z.object({ letter: z.object({ receiver: z.string(), message }) }),
  z.object({ end: z.object({ lines: z.number(), receivers: z.array(z.string()) }) }),
]);
type Line = z.infer<typeof LINE>;

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
    return LINE.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function damageOf(texts: number, lines: number, expected: number | undefined): string | undefined {
  if (texts === 0) return undefined;
  if (lines < texts) return `${texts - lines} of ${texts} lines cannot be read`;
  return expected === lines - 1 ? undefined : 'lines are missing at its end';
}
