import { testProcesses } from './file-backup.ts';

const never = new AbortController().signal;

/** What the sqlite3 program prints for a query, line by line. */
export async function sqlite3(file: string, query: string): Promise<string[]> {
  const { stdout } = await testProcesses.run({ file: 'sqlite3', args: [file, query] }, never);
  return stdout.split('\n').filter((line) => line !== '');
}
