#!/usr/bin/env node
// Installs what is missing for demo and tests. Plain JavaScript for the system's Node, because nothing is there yet.
//   node scripts/setup.mjs           installs; ends at once when nothing is missing
//   node scripts/setup.mjs --check   says what is missing, installs nothing; exit 1 if anything is
//   with --browser                   also the browser that the tests of the dashboard are run in
import path from 'node:path';
import { browserPackages, debianPackages } from './setup/debian-packages.mjs';
import { neo4jArchive } from './setup/neo4j-archive.mjs';
import { neo4jJars } from './setup/neo4j-jars.mjs';
import { npmPackages } from './setup/npm-packages.mjs';
import { interrupt, interrupted } from './setup/run.mjs';

const OLDEST_NODE = 20;
const root = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');

/** Two chains, one beside the other; within a chain a step needs the one before it. */
function chains({ browser }) {
  const jars = neo4jJars(root);
  const debian = [debianPackages(() => jars.jarsMissing()), ...(browser ? [browserPackages()] : [])];
  return [[npmPackages(root)], [...debian, jars, neo4jArchive()]];
}

// Standard output belongs to what is run after this.
function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

async function installMissing(steps) {
  for (const step of steps) {
    if (interrupted()) return;
    const why = step.missing();
    if (why === undefined) continue;
    const start = performance.now();
    say(`${step.name}: ${why} ...`);
    try {
      const warning = await step.install();
      say(`${step.name}: ${warning ?? 'done'} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      error.step = step.name;
      throw error;
    }
    const still = interrupted() || step.optional ? undefined : step.missing();
    if (still !== undefined)
      throw Object.assign(new Error(`still missing after it was installed: ${still}`), { step: step.name });
  }
}

function check(wanted) {
  const found = chains(wanted)
    .flat()
    .flatMap((step) => {
      const why = step.missing();
      return why === undefined ? [] : [`${step.name}: ${why}`];
    });
  process.stdout.write(
    found.length === 0 ? 'Nothing is missing.\n' : `Missing:\n${found.map((line) => `  ${line}\n`).join('')}`,
  );
  return found.length === 0 ? 0 : 1;
}

async function install(wanted) {
  let code = 0;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ]) {
    process.once(signal, () => {
      code = 128 + number;
      interrupt();
    });
  }
  const results = await Promise.allSettled(chains(wanted).map(installMissing));
  if (interrupted()) {
    say('interrupted; run it again to go on');
    return code;
  }
  const failures = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  for (const { step, message, remedy } of failures) {
    say(`failed at ${step}: ${message}`);
    if (remedy !== undefined) process.stderr.write(`hint: ${remedy}\n`);
  }
  return failures.length === 0 ? 0 : 1;
}

async function main() {
  const args = process.argv.slice(2);
  if (args.some((each) => !['--check', '--browser'].includes(each))) {
    process.stderr.write('usage: node scripts/setup.mjs [--check] [--browser]\n');
    return 2;
  }
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    say(`Node ${process.versions.node} is too old`);
    process.stderr.write(`hint: install Node ${OLDEST_NODE} or newer\n`);
    return 1;
  }
  const wanted = { browser: args.includes('--browser') };
  return args.includes('--check') ? check(wanted) : install(wanted);
}

process.exitCode = await main();
