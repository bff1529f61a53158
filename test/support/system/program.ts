import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../bin/physics-backup', import.meta.url));

export interface RunOptions {
  /** All that the program sees. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sent to the program, not to its children, as soon as its standard error holds this text. */
  readonly signalAt?: { readonly signal: NodeJS.Signals; readonly said: string };
  /** A command in front of it, with its arguments: `prlimit --fsize=1000`. */
  readonly under?: readonly string[];
  /** Told of the process once it runs. */
  readonly started?: (child: ChildProcess) => void;
}

/** How a run of the program ended and what it said. */
export interface ProgramRun {
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `bin/physics-backup` as its users do, to its end. */
export function runProgram(args: readonly string[], options: RunOptions): Promise<ProgramRun> {
  const [file, ...before] = [...(options.under ?? []), PROGRAM];
  const child = spawn(file, [...before, ...args], { env: options.environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  const signalOnce = signaller(child, options);
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => signalOnce((said.stderr += text)));
  options.started?.(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, killedBy) => resolve({ code, killedBy, ...said }));
  });
}

function signaller(child: ChildProcess, { signalAt }: RunOptions): (stderr: string) => void {
  let sent = false;
  return (stderr) => {
    if (sent || signalAt === undefined || !stderr.includes(signalAt.said)) return;
    sent = true;
    child.kill(signalAt.signal);
  };
}

/** The document that `--json` prints. */
export interface Document {
  readonly ok: boolean;
  readonly exitCode: number;
  readonly errors: readonly { readonly kind: string; readonly message: string; readonly hint: string | null }[];
  readonly warnings: readonly string[];
  readonly [name: string]: unknown;
}

export function documentOf(run: ProgramRun): Document {
  try {
    return JSON.parse(run.stdout) as Document;
  } catch (cause) {
    throw new Error(`no JSON document but: ${run.stdout}\n${run.stderr}`, { cause });
  }
}

/** What a failed run tells the operator: with `--quiet`, nothing but this is on standard error. */
export interface Complaint {
  readonly errors: readonly string[];
  readonly hints: readonly string[];
  readonly notes: readonly string[];
  /** Lines that are none of these. */
  readonly others: readonly string[];
}

export function complaintOf({ stderr }: ProgramRun): Complaint {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const after = (start: string): string[] =>
    lines.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
  const others = lines.filter((line) => !/^(?:error|hint|note): /.test(line));
  return { errors: after('error: '), hints: after('hint: '), notes: after('note: '), others };
}
