import { mkdir, readdir, symlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheapService } from '../support/system/own-services.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { expectRefused, manifestsOf } from '../support/system/refusals.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { unwrap, wrap } from '../support/system/site.ts';

let rig: Rig;
const backups: Record<string, string> = {};

beforeAll(async () => {
  rig = await openRig(['postgres', 'redis', 'application']);
  for (const service of rig.site.services) backups[service] = await takeBackup(rig.site, service);
});
afterAll(() => rig[Symbol.asyncDispose]());

/** The tool as it is, but for its main work, which it does in another way. */
const instead = (tool: string, how: string): string => `
real=$(PATH=\${PATH#*:} command -v ${tool})
case "$*" in *--version*|*-V) exec "$real" "$@" ;; esac
${how}`;

const WAYS = {
  'dies midway with an exit code': '"$real" "$@" | head -c 3000; exit 2',
  'is killed midway': '"$real" "$@" | head -c 3000; kill -9 $$',
  'fails after all of its output': '"$real" "$@"; exit 2',
} as const;

/** What captures each service, beside the compressor that all of them have. */
const TOOLS: readonly (readonly [CheapService, string])[] = [
  ['postgres', 'pg_dump'],
  ['postgres', 'pg_dumpall'],
  ['redis', 'redis-cli'],
  ['application', 'tar'],
  ['application', 'zstd'],
  ['postgres', 'zstd'],
];

describe.each(TOOLS)('%s: a backup whose %s', (service, tool) => {
  test.each(Object.entries(WAYS))('%s is none', async (_, how) => {
    await wrap(rig.site, tool, instead(tool, how));
    try {
      const says = new RegExp(`^${service}: .*${tool}`);
      await expectRefused(rig.site, ['backup', service, 'daily'], { code: 1, says, hint: /./ });
    } finally {
      await unwrap(rig.site, tool);
    }
  });
});

const CUT_OUTPUT = '"$real" "$@" | head -c 3000';
const CUT_FILE = '"$real" "$@"; for each; do [ -f "$each" ] && truncate --size=300 "$each"; done; exit 0';

/** Nobody but the reader of what it wrote can tell. */
const SILENT: readonly (readonly [CheapService, string, string])[] = [
  ['postgres', 'pg_dump', CUT_OUTPUT],
  ['redis', 'redis-cli', CUT_FILE],
  ['application', 'tar', CUT_OUTPUT],
  ['application', 'zstd', CUT_OUTPUT],
];

test.each(SILENT)(
  '%s: a backup that %s cut short without a word is never one to rely on',
  async (service, tool, how) => {
    await wrap(rig.site, tool, instead(tool, how));
    const before = await manifestsOf(rig.site);
    const run = await rig.site.run(['--json', 'backup', service, 'hourly']);
    await unwrap(rig.site, tool);
    expect([1, 3]).toContain(run.code);
    expect(await leftovers(rig.site)).toEqual([]);
    const committed = (await manifestsOf(rig.site)).length - before.length;
    expect(committed).toBeLessThanOrEqual(run.code === 3 ? 1 : 0);
    const { code, stdout } = await rig.site.run(['--json', 'list', service]);
    const { backups: listed } = JSON.parse(stdout) as { backups: { type: string; verified: boolean }[] };
    expect({ code, bad: listed.filter((each) => each.type === 'hourly' && each.verified) }).toEqual({
      code: 0,
      bad: [],
    });
  },
);

const RESTORERS: readonly (readonly [CheapService, string])[] = [
  ['postgres', 'pg_restore'],
  ['redis', 'redis-server'],
  ['application', 'tar'],
  ['application', 'zstd'],
];

test.each(RESTORERS)('%s: a restore whose %s fails changes nothing', async (service, tool) => {
  await wrap(rig.site, tool, instead(tool, 'echo "the tool gave up" >&2; exit 1'));
  try {
    await expectRefused(rig.site, ['restore', backups[service] ?? ''], {
      code: tool === 'zstd' ? 3 : 1, // what does not decompress does not restore
      says: new RegExp(`^${service}[:_]`),
      hint: /./,
    });
  } finally {
    await unwrap(rig.site, tool);
  }
});

describe('a tool that is missing', () => {
  const MISSING: readonly (readonly [CheapService, string])[] = [
    ['postgres', 'pg_dump'],
    ['redis', 'redis-cli'],
    ['application', 'tar'],
    ['application', 'zstd'],
    ['application', 'flock'],
  ];
  test.each(MISSING)('%s without %s: named, with what to install', async (service, tool) => {
    const all = await everythingBut(tool);
    const options = { environment: { PATH: `${rig.site.bin}:${all}` } };
    const says = new RegExp(`^(${service}: )?.*${tool}`);
    await expectRefused(rig.site, ['backup', service, 'daily'], { code: 7, says, hint: /install/ }, options);
    await rm(all, { recursive: true });
  });
});

/** A directory with links to every program on the PATH but one. */
async function everythingBut(tool: string): Promise<string> {
  const directory = path.join(rig.site.directory, `without-${tool}`);
  await mkdir(directory);
  for (const each of (process.env['PATH'] ?? '').split(':').toReversed()) {
    for (const name of await readdir(each).catch(() => [])) {
      const link = path.join(directory, name);
      await rm(link, { force: true });
      if (name !== tool) await symlink(path.join(each, name), link);
    }
  }
  return directory;
}
