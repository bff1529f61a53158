import type { Command } from 'commander';
import type { ErrorKind } from '../../base/errors.ts';
import type { Condition, Situation } from '../../model/situation.ts';
import { EXIT_CODES, WARNINGS } from '../exit-codes.ts';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';
import { situationText } from '../situation-text.ts';

export function registerStatus(program: Command, act: Act): void {
  program
    .command('status')
    .description('could we recover now, to when, in how long; and what needs a person')
    .action(() => act(status));
}

async function status({ host }: Invocation): Promise<Outcome> {
  const situation = await host.situation();
  return { data: { situation }, text: situationText(situation), codes: codesOf(situation) };
}

/** Findings that are more than a warning, as the kinds of the errors that a command would end with. */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  ManifestDamaged: 'damaged',
  SequenceGap: 'damaged',
  BackupDamaged: 'damaged',
  KeysUnusable: 'keys',
  StateUnreadable: 'unreachable',
  RecoveryImpossible: 'not-found',
};

function codesOf({ conditions }: Situation): number[] {
  return conditions.map(({ name }: Condition) => {
    const kind = KINDS[name];
    return kind === undefined ? WARNINGS : EXIT_CODES[kind];
  });
}
