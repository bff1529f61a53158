import { spawn } from 'node:child_process';

export type Environment = Readonly<Record<string, string | undefined>>;

/** How a command ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the host to its end; `environment` is added to ours. */
export function run(words: readonly string[], environment: Environment = {}): Promise<Ended> {
  const [file = '', ...args] = words;
  const child = spawn(file, args, { env: { ...surroundings(), ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
}

/** Ours, without what would tell Compose of somebody else's stack. */
function surroundings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('COMPOSE_')));
}

/** Runs a command that must succeed, and returns what it printed, without the last line end. */
export async function must(words: readonly string[], environment: Environment = {}): Promise<string> {
  const ended = await run(words, environment);
  if (ended.code !== 0)
    throw new Error(`${words.join(' ')} exited ${String(ended.code)}: ${ended.stdout}\n${ended.stderr}`);
  return ended.stdout.trimEnd();
}

export function docker(...args: readonly string[]): Promise<string> {
  return must(['docker', ...args]);
}

/** What `docker inspect` says of one container, by a Go template that prints JSON. */
export async function inspect<T>(container: string, template: string): Promise<T> {
  return JSON.parse(await docker('inspect', '--format', `{{json ${template}}}`, container)) as T;
}

/** Whether an engine answers, with Compose. */
export async function engineAnswers(): Promise<boolean> {
  const asked = await Promise.all([
    run(['docker', 'version']).catch(() => undefined),
    run(['docker', 'compose', 'version']).catch(() => undefined),
  ]);
  return asked.every((each) => each?.code === 0);
}
