import { spawn } from 'node:child_process';
import path from 'node:path';

/** How the program ended, and the document it printed. */
export interface ProgramResult {
  readonly code: number;
  readonly document: Record<string, unknown>;
}

const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'physics-backup');

/** Runs `physics-backup <args> --json` as an operator would, with the platform's environment and nothing else. */
export async function runProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ProgramResult> {
  const child = spawn(PROGRAM, [...args, '--json'], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (exit) => resolve(exit ?? 1));
  });
  try {
    return { code, document: JSON.parse(stdout) as Record<string, unknown> };
  } catch (cause) {
    throw new Error(
      `physics-backup ${args.join(' ')} ended with ${code} and printed no document:\n${stdout}${stderr}`,
      { cause },
    );
  }
}

/** The document of a run that must succeed; warnings (4) are no failure. */
export async function documentOf(run: Promise<ProgramResult>): Promise<Record<string, unknown>> {
  const { code, document } = await run;
  if (code === 0 || code === 4) return document;
  const errors = (document['errors'] ?? []) as { readonly message: string; readonly hint: string | null }[];
  const lines = errors.map(({ message, hint }) => (hint === null ? message : `${message}\n  hint: ${hint}`));
  throw new Error(`the program ended with ${code}:\n${lines.join('\n')}`);
}
