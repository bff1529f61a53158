/**
 * The whole way, once: a platform of four real services is filled, backed up, validated, destroyed and recovered, and
 * what is there before and after is compared by fingerprints that know nothing of the program.
 */
import { parseArgs } from 'node:util';
import { parseAmount } from '../platform/data/amount.ts';
import { destroyAll } from '../platform/data/destroy.ts';
import { fingerprint, type FingerprintedService, FINGERPRINTS } from '../platform/fingerprint/all.ts';
import { differences } from '../platform/fingerprint/compare.ts';
import { type Platform, startPlatform } from '../platform/platform.ts';
import { type DemoReport, type Proof, reportText } from './report.ts';
import { documentOf, runProgram } from './program.ts';

const USAGE = `usage: npm run demo -- [--size tiny|small|medium|large|<number>] [--seed <number>] [--keep] [--json]`;

interface Options {
  readonly json: boolean;
  readonly keep: boolean;
  readonly size: string;
  readonly seed: number;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      size: { type: 'string', default: 'small' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  return { ...values, seed: Number(values.seed) };
}

/** Says a step and how long it took, on standard error. */
async function step<T>(words: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  process.stderr.write(`${words} ... `);
  const result = await work();
  process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  return result;
}

async function demonstrate(platform: Platform): Promise<DemoReport> {
  const { environment } = platform;
  const run = (args: readonly string[]): Promise<Record<string, unknown>> => documentOf(runProgram(args, environment));
  const before = await step('fingerprints of what is there', () => fingerprint(environment));
  const backup = await step('backup all daily', () => run(['backup', 'all', 'daily']));
  await step('validate --all', () => run(['validate', '--all']));
  await step('disaster: databases and roles dropped, graph and schema deleted, Redis flushed, files removed', () =>
    destroyAll(environment),
  );
  const lost = await step('nothing is left', () => lostServices(before, environment));
  const recovery = await step('recover latest', () => run(['recover', 'latest']));
  const after = await step('fingerprints of what came back', () => fingerprint(environment));
  const proofs = servicesOf(before).map((service): Proof => {
    const differing = differences(before[service], after[service]);

    return {
      service,
      compared: Object.keys(before[service]).length,
      lost: lost.includes(service),
      identical: differing.length === 0,
      differing,
    };
  });
  return { backup, recovery, proofs };
}

type Fingerprints = Awaited<ReturnType<typeof fingerprint>>;

function servicesOf(fingerprints: Fingerprints): FingerprintedService[] {
  return Object.keys(fingerprints) as FingerprintedService[];
}

/** The services in which the disaster left something else than there was; a database that is gone has no fingerprint. */
async function lostServices(
  before: Fingerprints,
  environment: Platform['environment'],
): Promise<FingerprintedService[]> {
  const lost: FingerprintedService[] = [];
  for (const service of servicesOf(before)) {
    const left = await FINGERPRINTS[service](environment).catch(() => ({}));
    if (differences(before[service], left).length > 0) lost.push(service);
  }
  return lost;
}

async function main(): Promise<boolean> {
  const options = readOptions();
  parseAmount(options.size, options.seed); // refuses a bad size before anything is started
  const platform = await step(`platform up and filled (size ${options.size}, seed ${options.seed})`, () =>
    startPlatform({ size: options.size, seed: options.seed, detached: options.keep }),
  );
  try {
    const report = await demonstrate(platform);
    const { text, document, ok } = reportText(report);
    process.stdout.write(options.json ? `${JSON.stringify(document)}\n` : text);
    return ok;
  } finally {
    if (options.keep) sayWhere(platform);
    else await step('platform down', () => platform.down());
  }
}

function sayWhere({ directory }: Platform): void {
  process.stderr.write(`the platform is kept in ${directory}
  eval "$(npm run -s platform -- env --dir ${directory})"   its addresses and passwords, for this shell
  npm run -s cli -- list                                    the program, looking at it
  npm run -s platform -- down --dir ${directory}            ends it and removes everything
`);
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
