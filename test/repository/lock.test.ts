import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lockRecords } from '../../src/repository/lock.ts';
import { failure, never, processes, repositoryIn, scratch } from '../support/repository.ts';

const SCRIPT = path.join(import.meta.dirname, 'lock-script.ts');

function start(directory: string): ChildProcess {
  return spawn(process.execPath, [SCRIPT, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = child.stdout === null ? [''] : ((await once(child.stdout, 'data')) as [Buffer]);
  return chunk.toString().trim();
}

test('a second holder is refused, in another process and in this one, and is told who holds it', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  const holder = start(directory.path);
  expect(await firstLine(holder)).toBe('locked');
  const error = await failure(repository.lock('postgres', never));
  expect(error.kind).toBe('busy');
  expect(error.message).toContain(`process ${holder.pid}`);
  await (await repository.lock('redis', never))[Symbol.asyncDispose](); // another service is free
  holder.kill('SIGKILL');
  await once(holder, 'close');
  await using held = await repository.lock('postgres', never);
  expect(held.service).toBe('postgres');
  expect((await failure(repository.lock('postgres', never))).message).toContain(`process ${process.pid}`);
  const third = start(directory.path);
  expect(await firstLine(third)).toBe('busy');
});

test('of two that fight for it at the same time, exactly one wins', async () => {
  await using directory = await scratch();
  await repositoryIn(directory.path);
  const fighters = [start(directory.path), start(directory.path)];
  const said = await Promise.all(fighters.map(firstLine));
  expect(said.toSorted()).toEqual(['busy', 'locked']);
  for (const each of fighters) each.kill('SIGKILL');
});

test('a child that was given the descriptor holds the lock on', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  const lock = await repository.lock('postgres', never);
  const controller = new AbortController();
  const child = processes.start(
    { file: 'sleep', args: ['600'] },
    { descriptors: [lock.descriptor] },
    controller.signal,
  );
  await lock[Symbol.asyncDispose]();
  expect((await failure(repository.lock('postgres', never))).kind).toBe('busy');
  controller.abort();
  await expect(child.ended).rejects.toThrow('cancelled');
  await (await repository.lock('postgres', never))[Symbol.asyncDispose]();
});

test('a lock file made anew is a lock of its own: nobody shares it unseen', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  await using first = await repository.lock('postgres', never);
  await rm(path.join(directory.path, 'postgres/.lock'));
  // the new file is another lock: the first holder's is gone with its name, which the second sees
  await using second = await repository.lock('postgres', never);
  expect(second.descriptor).not.toBe(first.descriptor);
  expect((await failure(repository.lock('postgres', never))).kind).toBe('busy');
});

test('the short lock waits for its turn, and an abort ends the wait', async () => {
  await using directory = await scratch();
  await repositoryIn(directory.path);
  const first = await lockRecords('postgres', directory.path, processes, never);
  const order: string[] = [];
  const waiting = lockRecords('postgres', directory.path, processes, never).then((lock) => {
    order.push('second');
    return lock;
  });
  const controller = new AbortController();
  const aborted = lockRecords('postgres', directory.path, processes, controller.signal);
  controller.abort();
  expect((await failure(aborted)).kind).toBe('cancelled');
  order.push('first ends');
  await first[Symbol.asyncDispose]();
  await (await waiting)[Symbol.asyncDispose]();
  expect(order).toEqual(['first ends', 'second']);
});
