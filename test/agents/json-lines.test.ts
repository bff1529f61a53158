import { array, assert, asyncProperty, integer, jsonValue } from 'fast-check';
import { expect, test } from 'vitest';
import { jsonLine, jsonLines } from '../../src/agents/json-lines.ts';

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (let turn = 0; from < bytes.length; turn += 1) {
    const to = from + (sizes[turn % sizes.length] ?? 1);
    yield await Promise.resolve(bytes.subarray(from, to));
    from = to;
  }
}

const all = (bytes: Buffer, sizes: readonly number[]): Promise<unknown[]> =>
  Array.fromAsync(jsonLines(inPieces(bytes, sizes)));

test('what is written in lines is read, however it is cut on its way', async () => {
  const sizes = array(integer({ min: 1, max: 50 }), { minLength: 1 });
  await assert(
    asyncProperty(array(jsonValue()), sizes, async (values, cuts) => {
      const text = values.map((each) => jsonLine(each)).join('');
      expect(await all(Buffer.from(text), cuts)).toEqual(
        values.map((each) => JSON.parse(JSON.stringify(each)) as unknown),
      );
    }),
  );
});

test('a last line without its end was never said; what is no JSON is an error', async () => {
  expect(await all(Buffer.from('{"a":1}\n{"b":'), [3])).toEqual([{ a: 1 }]);
  await expect(all(Buffer.from('{"a":1}\nhello\n'), [100])).rejects.toMatchObject({ kind: 'failed' });
});
