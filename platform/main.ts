import path from 'node:path';
import { parseArgs } from 'node:util';
import { BackupError, reason } from '../src/base/errors.ts';
import { defaultDirectory, readState, tearDown } from './directory.ts';
import { startPlatform } from './platform.ts';

const USAGE = `Usage: npm run platform -- up [--size tiny|small|medium|large|<number>] [--seed <integer>] [--dir <directory>]
       npm run platform -- env [--dir <directory>]     prints the variables; use: eval "$(npm run -s platform -- env)"
       npm run platform -- down [--dir <directory>]
`;

const OPTIONS = {
  size: { type: 'string', default: 'tiny' },
  seed: { type: 'string', default: '1' },
  dir: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function up(directory: string, size: string, seed: number): Promise<void> {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort());
  await startPlatform({ directory, size, seed, detached: true, signal: controller.signal, log });
  const where = directory === defaultDirectory() ? '' : ` --dir ${shellWord(directory)}`;
  process.stdout.write(`The platform is up in ${directory}.
  reach it:  eval "$(npm run -s platform -- env${where})"
  end it:    npm run platform -- down${where}\n`);
}

async function env(directory: string): Promise<void> {
  const state = await readState(directory);
  if (state === undefined || Object.keys(state.environment).length === 0)
    throw new BackupError(`no platform is up in ${directory}`, { kind: 'not-found', hint: 'npm run platform -- up' });
  const lines = Object.entries(state.environment).map(([name, value]) => `export ${name}=${shellWord(value)}\n`);
  process.stdout.write(lines.join(''));
}

async function down(directory: string): Promise<void> {
  const found = await tearDown(directory);
  process.stdout.write(found ? `The platform in ${directory} is down and gone.\n` : `No platform in ${directory}.\n`);
}

function shellWord(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function readArguments(args: readonly string[]): { run: (() => Promise<void>) | undefined; help: boolean } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const directory = path.resolve(values.dir ?? defaultDirectory());
    const commands: Record<string, () => Promise<void>> = {
      up: () => up(directory, values.size, Number(values.seed)),
      env: () => env(directory),
      down: () => down(directory),
    };
    return { run: positionals.length === 1 ? commands[positionals[0] ?? ''] : undefined, help: values.help };
  } catch (cause) {
    throw new BackupError(reason(cause), { kind: 'usage', hint: 'npm run platform -- --help', cause });
  }
}

async function main(): Promise<number> {
  try {
    const { run, help } = readArguments(process.argv.slice(2));
    if (run === undefined || help) {
      (help ? process.stdout : process.stderr).write(USAGE);
      return help ? 0 : 2;
    }
    await run();
    return 0;
  } catch (thrown) {
    const hint = thrown instanceof BackupError && thrown.hint !== undefined ? `hint: ${thrown.hint}\n` : '';
    process.stderr.write(`platform: ${reason(thrown)}\n${hint}`);
    return thrown instanceof RangeError || (thrown instanceof BackupError && thrown.kind === 'usage') ? 2 : 1;
  }
}

process.exitCode = await main();
