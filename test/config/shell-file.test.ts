import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseShellFile } from '../../src/config/shell-file.ts';

const GOOD = [
  'A=plain',
  'A="with spaces"',
  "A='single $HOME `x`'",
  'A="0 2 * * *"    # comment',
  'A=a#b',
  'A=a # b',
  String.raw`A="a \"quoted\" \$x \\ \n"`,
  String.raw`A=back\ slash\#`,
  `A=join"ed ones"'all $ of them'`,
  'export A=exported',
  '  A=indented',
  'A=',
  'A=""',
  'A=ünïcode',
];

test.each(GOOD)('%s is read as a shell reads it', (line) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'shell-'));
  const file = path.join(directory, 'file');
  writeFileSync(file, `${line}\n`);
  const byShell = execFileSync('sh', ['-c', `. "$0"; printf %s "$A"`, file], { encoding: 'utf8' });
  rmSync(directory, { recursive: true });
  const { assignments, problems } = parseShellFile(line);
  expect(problems).toEqual([]);
  expect(assignments).toEqual([{ key: 'A', value: byShell, line: 1 }]);
});

test.each([
  ['A=$HOME', 'not expanded'],
  ['A="x $HOME"', 'not expanded'],
  ['A=`date`', 'not expanded'],
  ['A=$(date)', 'not expanded'],
  ['A=two words', 'needs quotes'],
  ['A="open', 'not closed'],
  ["A='open", 'not closed'],
  ['A=a;rm', 'needs quotes'],
  ['A=a&', 'needs quotes'],
  ['A = b', 'is not KEY=value'],
  ['1A=b', 'is not KEY=value'],
  ['rm -rf /', 'is not KEY=value'],
])('%s is refused, never guessed', (line, why) => {
  const { assignments, problems } = parseShellFile(`# first\n${line}\n`);
  expect(assignments).toEqual([]);
  expect(problems).toEqual([{ line: 2, message: expect.stringContaining(why) as string }]);
});

test('comments, blank lines and Windows line ends are no content', () => {
  expect(parseShellFile('# a\r\n\r\n   \r\nA=1\r\n').assignments).toEqual([{ key: 'A', value: '1', line: 4 }]);
});
