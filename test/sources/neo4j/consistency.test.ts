import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { compareFacts } from '../../../src/model/facts.ts';
import type { ArtifactSink, Context } from '../../../src/model/source.ts';
import { decodeBookmark } from '../../../src/sources/neo4j/consistency.ts';
import { captureToFiles, type FileBackup, type TestContext, testContext } from '../../support/file-backup.ts';
import { TestGraph } from './graph.ts';

let graph: TestGraph;
let context: TestContext;

beforeAll(async () => {
  graph = await TestGraph.borrow();
  context = await testContext();
});
afterAll(async () => {
  await context?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await graph.destroy();
  await graph.run("UNWIND range(1, 3000) AS i CREATE (:Word {text: 'Wort ' + i, more: 'x' + i * i})-[:IS]->(:Sense)");
});

/** A source whose sink lets a writer commit each time when the first chunk has been read. */
async function captureWhile(
  write: (attempt: number) => Promise<void>,
): Promise<{ backup: FileBackup; attempts: number }> {
  let attempts = 0;
  const disturb = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    attempts += 1;
    let isFirst = true;
    for await (const chunk of chunks) {
      if (isFirst) await write(attempts);
      isFirst = false;
      yield chunk;
    }
  };
  const { source } = graph;
  const disturbed = {
    ...source,
    capture: (type: 'manual', sink: ArtifactSink, moment: (at: string) => void, each: Context) =>
      source.capture(
        type,
        {
          fromProcess: sink.fromProcess.bind(sink),
          toProcess: sink.toProcess.bind(sink),
          fromChunks: (kind, chunks) => sink.fromChunks(kind, disturb(chunks)),
        },
        moment,
        each,
      ),
  };
  return { backup: await captureToFiles(disturbed, graph.directory, context), attempts };
}

test('a commit in the middle makes it read the graph again', async () => {
  let written = '';
  const { backup, attempts } = await captureWhile(async (attempt) => {
    if (attempt > 1) return;
    await graph.run("CREATE (:Word {text: 'neu'})");
    written = new Date().toISOString();
  });
  expect(attempts).toBe(2);
  expect(backup.capture).toMatchObject({ consistency: 'consistent', warnings: [] });
  expect(backup.facts['nodes :Word']).toEqual({ value: 3001, certainty: 'exact' });
  expect(backup.moment > written).toBe(true);
  expect((await graph.source.checkContent(backup, context)).errors).toEqual([]);
});

test('a writer that never rests gets a fuzzy backup, which still is what it says', async () => {
  const { backup, attempts } = await captureWhile(async () => {
    await graph.run("CREATE (:Word {text: 'a'})-[:IS]->(:Sense)");
  });
  expect(attempts).toBe(3);
  expect(backup.capture.consistency).toBe('fuzzy');
  expect(backup.capture.warnings).toContainEqual(expect.stringContaining('may mix moments'));
  expect(backup.moment).not.toBe('');
  expect((await graph.source.checkContent(backup, context)).errors).toEqual([]);
});

test('nothing is written by a capture, and a second one of the same graph has the same facts', async () => {
  const [first, second] = [await captureWhile(noOne), await captureWhile(noOne)];
  expect([first.attempts, second.attempts]).toEqual([1, 1]);
  expect(compareFacts(first.backup.facts, second.backup.facts)).toEqual([]);
});

test('one value that differs makes facts that differ', async () => {
  const { backup } = await captureWhile(noOne);
  await graph.run("MATCH (n:Word {text: 'Wort 7'}) SET n.more = 'X49'");
  const changed = await captureWhile(noOne);
  expect(compareFacts(backup.facts, changed.backup.facts).map(({ name }) => name)).toEqual([
    'digest nodes',
    'digest relationships',
  ]);
});

async function noOne(): Promise<void> {
  // writes
}

test('the bookmark names database and transaction', () => {
  const bookmark = 'FB:kcwQ+FcVXclMTWWOyMFnOxmQNnOQ';
  expect(decodeBookmark(bookmark).database).toBe('f857155dc94c4d658ec8c1673b199036');
  expect(decodeBookmark(bookmark).transaction).toBe(115n);
  expect(() => decodeBookmark('neo4j:bookmark:v1:tx1')).toThrow('unknown kind');
});
