import { BackupError, throwIfAborted } from '../../base/errors.ts';
import { compareFacts, type Facts } from '../../model/facts.ts';
import type { ContentReport, Context, ReadableBackup } from '../../model/source.ts';
import { SCRIPT } from './capture.ts';
import { type SchemaItem, schemaFacts } from './schema.ts';
import { readScript, type ScriptPart } from './script-reader.ts';
import { damagedScript } from './script-rows.ts';
import { Tally } from './tally.ts';

/** Reads the whole script, and compares what it holds, entity by entity, with the facts of the capture. */
export async function checkScript(backup: ReadableBackup, context: Context): Promise<ContentReport> {
  context.progress.step('read the script');
  try {
    const facts = await factsOfScript(backup, context);
    const errors = compareFacts(backup.facts, facts).map(
      ({ name, expected, actual }) =>
        `${name}: ${expected ?? 'nothing'} captured, ${actual ?? 'nothing'} in the script`,
    );
    return { errors, warnings: [] };
  } catch (error) {
    if (error instanceof BackupError && error.kind === 'damaged') return { errors: [error.message], warnings: [] };
    throw error;
  }
}

/** What the script holds, counted as the capture counted the graph. */
export async function factsOfScript(backup: ReadableBackup, context: Context): Promise<Facts> {
  using tally = new Tally(context.workDir);
  const items: SchemaItem[] = [];
  for await (const part of readScript(backup.chunks(SCRIPT))) {
    throwIfAborted(context.signal);
    count(part, tally, items);
  }
  return { ...tally.facts(), ...schemaFacts(items) };
}

function count(part: ScriptPart, tally: Tally, items: SchemaItem[]): void {
  if (part.part === 'nodes') {
    for (const { number, text } of part.rows) {
      if (tally.hasNode(number)) throw damagedScript(`two nodes have number ${number}`);
      tally.node(number, part.labels, part.labelText, text);
    }
  } else if (part.part === 'relationships') {
    for (const { start, end, text } of part.rows) tally.relationship(start, end, part.type, text);
  } else if (part.part === 'schema' && part.item !== undefined) {
    items.push(part.item);
  }
}
