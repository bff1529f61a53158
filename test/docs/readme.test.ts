import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

async function documents(): Promise<{ name: string; content: string }[]> {
  const entries = await readdir(path.join(ROOT, 'docs'), { recursive: true });
  const names = ['README.md', 'CHANGELOG.md', ...entries.map((each) => path.join('docs', each))];
  return await Promise.all(
    names
      .filter((name) => name.endsWith('.md'))
      .map(async (name) => ({ name, content: await readFile(path.join(ROOT, name), 'utf8') })),
  );
}

function blocks(content: string): string[] {
  return [...content.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
}

/** These two are what CI itself runs; a test that ran them would run itself. */
const RUN_BY_CI = ['npm run demo', 'npm test'];

/** Those are typed by test/containers. */
function inContainers(block: string): boolean {
  return /docker|backup\/scripts/.test(block);
}

describe('the README', () => {
  test('its commands, typed one after the other, do what they say', async () => {
    const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
    const script = blocks(readme).filter((block) => !RUN_BY_CI.includes(block.trim()) && !inContainers(block));
    expect(script).toHaveLength(1);
    const temporary = await mkdtemp(path.join(tmpdir(), 'readme-'));
    await chmod(temporary, 0o711); // servers that root starts run as another user
    const environment = { ...process.env, TMPDIR: temporary };
    try {
      const typed = `shopt -s expand_aliases\nset -e\n${script[0] ?? ''}`;
      const { stdout } = await run('bash', ['-c', typed], { cwd: ROOT, env: environment });
      expect(stdout).toMatch(/recovery point point_\d{8}_\d{6}: 4 services/);
      expect(stdout).toMatch(/recovered in /);
      expect(stdout).toMatch(/was rolled back/);
    } finally {
      await run('npm', ['run', '-s', 'platform', '--', 'down'], { cwd: ROOT, env: environment });
      await rm(temporary, { recursive: true, force: true });
    }
  });

  test('the commands that CI runs are those of the README', async () => {
    const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
    const ci = await readFile(path.join(ROOT, '.ci', 'run'), 'utf8');
    for (const command of RUN_BY_CI) {
      expect(blocks(readme).map((block) => block.trim())).toContain(command);
      expect(ci).toMatch(new RegExp(command.replace('npm run', 'npm run( -s)?')));
    }
  });
});

describe('every document', () => {
  test('links to files that are there', async () => {
    for (const { name, content } of await documents()) {
      const links = [...content.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target = '']) => target);
      for (const target of links.filter((each) => !/^[a-z]+:/.test(each))) {
        const file = path.join(ROOT, path.dirname(name), target);
        await expect(stat(file), `${name} links to ${target}`).resolves.toBeDefined();
      }
    }
  });

  test('names only scripts of package.json', async () => {
    const { scripts } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const { name, content } of await documents()) {
      for (const [, script = ''] of content.matchAll(/npm run (?:-s )?([a-z:]+)/g)) {
        expect(Object.keys(scripts), `${name} names npm run ${script}`).toContain(script);
      }
    }
  });
});
