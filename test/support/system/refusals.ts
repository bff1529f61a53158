import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { fingerprintOf, nameState } from './live.ts';
import { leftovers } from './nothing-left.ts';
import type { Service } from '../../../src/model/vocabulary.ts';
import { complaintOf, type ProgramRun, type RunOptions } from './program.ts';
import type { Site } from './site.ts';

export interface Refusal {
  /** The exit code of docs/architecture.md. */
  readonly code: number;
  readonly says: RegExp;
  readonly hint: RegExp;
}

/** One line that says what failed, one line that says what to do, the exit code, and nothing else. */
export function expectRefusal(run: ProgramRun, { code, says, hint }: Refusal): void {
  const { errors, hints, others } = complaintOf(run);
  expect({ errors, hints, others }).toEqual({
    errors: [expect.stringMatching(says)],
    hints: [expect.stringMatching(hint)],
    others: [],
  });
  expect(run).toMatchObject({ code, stdout: '' });
}

/** Every manifest that there is, by its name: what a refused run must not have added to or taken from. */
export async function manifestsOf(site: Site): Promise<string[]> {
  const names = await readdir(site.backups, { recursive: true });
  return names.filter((name) => name.endsWith('.metadata.json') && path.basename(name) !== 'metadata.json').toSorted();
}

/** Runs a command that must be refused, and looks that it leaves nothing and touches nothing. */
export async function expectRefused(
  site: Site,
  args: readonly string[],
  refusal: Refusal,
  options: Partial<RunOptions> = {},
): Promise<void> {
  const services = concernedBy(args, site);
  const before = await Promise.all(services.map((each) => fingerprintOf(each, site.environment)));
  const manifests = await manifestsOf(site);
  expectRefusal(await site.run(['--quiet', ...args], options), refusal);
  expect(await leftovers(site)).toEqual([]);
  expect(await manifestsOf(site)).toEqual(manifests);
  for (const [at, service] of services.entries()) {
    const untouched = before[at] ?? {};
    expect(await nameState(service, site.environment, { untouched })).toBe('untouched');
  }
}

/** The services that a command names, by themselves or by a backup of theirs; all where it names none. Neo4j is slow. */
function concernedBy(args: readonly string[], { services }: Site): Service[] {
  const cheap = services.filter((each) => each !== 'neo4j');
  const named = cheap.filter((each) => args.some((word) => word === each || word.startsWith(`${each}_`)));
  return named.length > 0 ? named : cheap;
}
