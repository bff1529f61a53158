import { globSync, readFileSync } from 'node:fs';
import { createServer as usual, request as usualRequest } from 'node:http';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createServer, request } from '../../src/base/http.ts';

test('is what Node offers', () => {
  expect([createServer, request]).toEqual([usual, usualRequest]);
});

test('is what the program uses: nothing else imports more than types of it', () => {
  const root = path.join(import.meta.dirname, '..', '..', 'src');
  const files = globSync('**/*.ts', { cwd: root });
  expect(files.length).toBeGreaterThan(100);
  const importing = files.filter((file) =>
    /^import (?!type )[^;]*'node:http'/m.test(readFileSync(path.join(root, file), 'utf8')),
  );
  expect(importing).toEqual([]);
});
