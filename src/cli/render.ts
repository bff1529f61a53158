import type { Host, Output } from './host.ts';
import { exitCodeOfOutcome, flatten, type Outcome } from './outcome.ts';

/** How the operator wants to be spoken to. */
export interface Manner {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

/** Results to standard output, warnings and errors to standard error; with `--json`, one document and nothing else. */
export function render(outcome: Outcome, manner: Manner, host: Pick<Host, 'stdout' | 'stderr'>): number {
  const code = exitCodeOfOutcome(outcome);
  if (manner.json) host.stdout.write(`${JSON.stringify(documentOf(outcome, code))}\n`);
  else {
    if (outcome.text !== '') host.stdout.write(`${outcome.text}\n`);
    renderTroubles(outcome, manner, host.stderr);
  }
  return code;
}

function documentOf(outcome: Outcome, exitCode: number): Readonly<Record<string, unknown>> {
  const { errors, notes } = flatten(outcome.errors ?? []);
  return {
    ok: errors.length === 0,
    exitCode,
    ...outcome.data,
    warnings: outcome.warnings ?? [],
    errors,
    ...(notes.length > 0 ? { notes } : {}),
  };
}

function renderTroubles(outcome: Outcome, { color }: Manner, stderr: Output): void {
  const { errors, notes } = flatten(outcome.errors ?? []);
  for (const warning of outcome.warnings ?? []) stderr.write(`${paint('warning:', YELLOW, color)} ${warning}\n`);
  for (const { message, hint } of errors) {
    stderr.write(`${paint('error:', RED, color)} ${message}\n`);
    if (hint !== null) stderr.write(`hint: ${hint}\n`);
  }
  for (const note of notes) stderr.write(`note: ${note}\n`);
}

const RED = '31;1';
const YELLOW = '33;1';

function paint(word: string, style: string, color: boolean): string {
  return color ? `\u001B[${style}m${word}\u001B[0m` : word;
}
