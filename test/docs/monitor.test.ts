import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { reportOf } from '../../src/policy/report.ts';
import { BACKUP_REPORTS, Reports } from '../../src/records/reports.ts';
import { brokenSituation, MORNING } from '../support/situations.ts';

const document = await readFile(path.join(import.meta.dirname, '..', '..', 'docs', 'monitor.md'), 'utf8');

test('the fields of the report are those that are written down', () => {
  const section = document.split('## The report')[1]?.split('\n## ')[0] ?? '';
  const written = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(written).toEqual(Object.keys(reportOf(brokenSituation())));
});

test('jq reads the report as is written down', async () => {
  const block = /^```sh\n(report=.*?)^```/ms.exec(document)?.[1] ?? '';
  const logs = await mkdtemp(path.join(tmpdir(), 'docs-monitor-'));
  await new Reports(logs, BACKUP_REPORTS).write(reportOf(brokenSituation()), MORNING);
  const { stdout } = await promisify(execFile)('sh', ['-ec', block.replace('/logs/', `${logs}/`)]);
  expect(stdout).toMatch(/^no\ncritical neo4j: a manifest does not authenticate.* -> physics-backup validate/);
  expect(stdout).toContain('postgres\tdaily\tcritical\t2026-11-20T02:');
  expect(stdout).toContain('neo4j\tweekly\tcritical\tnone\n');
  expect(stdout).toContain('"volume": "backup-postgres"');
  await rm(logs, { recursive: true });
});
