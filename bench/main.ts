/**
 * Backup and restore of each service against the raw tools that do the same work, in turn, in one run: ratios hold
 * where seconds do not. Steps that only we take (counting, read-back, checks) are lines of their own.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureSubject, type SubjectReport } from './compare.ts';
import { machine } from './machine.ts';
import { measureMonitor, type MonitorReport } from './monitor.ts';
import { reportText } from './report.ts';
import { measureStart, type StartReport } from './start.ts';
import { SUBJECTS } from './subjects.ts';

const USAGE = `usage: npm run bench -- [options]
  --pairs <n>        runs of each, ours and raw in turn (5)
  --factor <x>       times the usual amount of data (1: the raw tools take about 10 s)
  --service <name>   only this one; may be given several times
  --no-restore       leave out restores
  --no-start         leave out --help and list over 10,000 backups
  --no-monitor       leave out the monitor over 10,000 backups and over 100,000
  --json <file>      also write everything as JSON`;

const MONITORS = [
  { backups: 10_000, loadSeconds: 60 },
  { backups: 100_000, loadSeconds: 0 },
];

function readOptions() {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '5' },
      factor: { type: 'string', default: '1' },
      service: { type: 'string', multiple: true, default: SUBJECTS.map((each): string => each.service) },
      'no-restore': { type: 'boolean', default: false },
      'no-start': { type: 'boolean', default: false },
      'no-monitor': { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  return { ...values, pairs: Number(values.pairs), factor: Number(values.factor) };
}

async function main(): Promise<void> {
  const options = readOptions();
  const subjects: SubjectReport[] = [];
  const key = randomBytes(16).toString('hex');
  for (const subject of SUBJECTS.filter((each) => options.service.includes(each.service))) {
    const { pairs, factor, 'no-restore': without } = options;
    subjects.push(await measureSubject(subject, { pairs, factor, key, restores: !without }));
  }
  const start: StartReport | undefined = options['no-start'] ? undefined : await measureStart(options.pairs);
  const monitors: MonitorReport[] = [];
  for (const each of options['no-monitor'] ? [] : MONITORS)
    monitors.push(await measureMonitor({ ...each, runs: options.pairs }));
  const report = { machine: await machine(), pairs: options.pairs, factor: options.factor, subjects, start, monitors };
  process.stdout.write(reportText(report));
  if (options.json !== undefined) {
    await mkdir(path.dirname(path.resolve(options.json)), { recursive: true });
    await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
}

await main();
