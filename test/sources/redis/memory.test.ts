import { expect, test } from 'vitest';
import { memoryFindings } from '../../../src/sources/redis/inspect.ts';

const MIB = 2 ** 20;

test.each([
  [100, 512, 'ok', /100 MiB of data, 512 MiB for a sandbox/],
  [300, 512, 'warning', /^a restore over these data needs two sandboxes, 600 MiB of memory; 512 MiB are available$/],
  [512, 512, 'problem', /^the sandbox needs 512 MiB of memory, 512 MiB are available$/],
])('%i MiB of data where %i are available: %s', (needed, available, severity, says) => {
  const [finding, ...others] = memoryFindings(needed * MIB, available * MIB);
  expect(finding).toMatchObject({ severity, message: expect.stringMatching(says) as string });
  expect(others).toEqual([]);
});
