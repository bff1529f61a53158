import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const OUTPUT_LIMIT = 64 * 1024;

/** A step that cannot be done: what happened, and what the person in front of it can do. */
export class SetupError extends Error {
  constructor(message, remedy) {
    super(message);
    this.remedy = remedy;
  }
}

/** Where a program is on the PATH, or undefined. */
export function find(program, environment = process.env) {
  const directories = program.includes('/') ? [''] : (environment.PATH ?? '').split(':');
  return directories
    .map((each) => path.join(each, program))
    .find((each) => {
      try {
        accessSync(each, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const running = new Set();
let stopped = false;

/** Ends what runs. What cleans up after it may still run programs; what would try again must not. */
export function interrupt() {
  stopped = true;
  for (const child of running) child.kill('SIGTERM');
}

export function interrupted() {
  return stopped;
}

/** Lets `interrupt` end this child too. */
export function track(child) {
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** Runs a program without a terminal to its end; rejects with the last lines of what it printed. */
export function run(file, args, options = {}) {
  const child = track(
    spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  let output = '';
  const keep = (text) => (output = (output + text).slice(-OUTPUT_LIMIT));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${file} could not be started: ${cause.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else
        reject(
          new Error(
            `${path.basename(file)} ${code === null ? `was ended by ${signal}` : `failed with exit code ${code}`}: ${lastLines(output)}`,
          ),
        );
    });
  });
}

/** As root: directly, or through sudo where that asks for nothing. */
export function runAsRoot(args, env = {}) {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const command = ['env', ...assignments, ...args];
  return process.getuid() === 0 ? run(command[0], command.slice(1)) : run('sudo', ['-n', ...command]);
}

function lastLines(output) {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-6).join('\n    ');
}
