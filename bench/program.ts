import path from 'node:path';
import { measure, type Measurement } from './measure.ts';

export const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'physics-backup');

type Phases = Readonly<Record<string, number>>;

/** A run of the program: how long in all, and how long without the steps that prove. */
export interface ProgramRun extends Measurement {
  readonly phases: Phases;
  /** Seconds of what a raw tool does too: everything but the steps in `PROOF`. */
  readonly work: number;
  readonly document: Readonly<Record<string, unknown>>;
}

/** What the raw tools do not do: lines of their own, outside the ratio. */
export const PROOF: readonly string[] = [
  'count rows',
  'count keys',
  'sync',
  'hash files',
  'read back',
  'check integrity',
  'check content',
  'compare with facts',
  'analyze',
];

export async function runProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  phasesOf: (document: Readonly<Record<string, unknown>>) => Phases,
): Promise<ProgramRun> {
  const run = await measure([PROGRAM, ...args, '--json'], environment, [0, 4]);
  const document = JSON.parse(run.stdout) as Record<string, unknown>;
  const phases = phasesOf(document);
  const proof = PROOF.reduce((sum, name) => sum + (phases[name] ?? 0), 0);
  return { ...run, phases, work: run.seconds - proof, document };
}

interface BackupDocument {
  readonly backups: readonly {
    readonly id: string;
    readonly phases: Phases;
    readonly outcomes: readonly { readonly level: string; readonly seconds: number }[];
  }[];
}

/** A check has steps of its own (unpack, load into a sandbox): its outcome says how long it took in all. */
export function backupPhases(document: Readonly<Record<string, unknown>>): Phases {
  const [backup] = (document as unknown as BackupDocument).backups;
  const checks = backup?.outcomes.map(({ level, seconds }) => [`check ${level}`, seconds] as const) ?? [];
  return { ...backup?.phases, ...Object.fromEntries(checks) };
}

export function backupIdOf(document: Readonly<Record<string, unknown>>): string {
  const id = (document as unknown as BackupDocument).backups[0]?.id;
  if (id === undefined) throw new Error('the program named no backup');
  return id;
}

interface RecoveryDocument {
  readonly recovery: { readonly services: Readonly<Record<string, { readonly phases: Phases }>> };
}

export function restorePhases(document: Readonly<Record<string, unknown>>): Phases {
  return Object.values((document as unknown as RecoveryDocument).recovery.services)[0]?.phases ?? {};
}
