import { rm } from 'node:fs/promises';
import { afterAll, describe } from 'vitest';
import { LocalStore } from '../../src/stores/local.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { scratch } from '../support/repository.ts';
import { storeConformance } from './conformance.ts';

const directories: string[] = [];
afterAll(() => Promise.all(directories.map((each) => rm(each, { recursive: true, force: true }))));

describe('a local directory', () => {
  storeConformance(async () => {
    const directory = await scratch();
    directories.push(directory.path);
    return new LocalStore(directory.path);
  });
});

describe('memory', () => {
  storeConformance(() => Promise.resolve(new MemoryStore()));
});
