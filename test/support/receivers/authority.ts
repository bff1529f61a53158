import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { never } from '../../agents/scene.ts';
import { testProcesses } from '../file-backup.ts';

/** A certificate authority that nobody else trusts, and what it signed for `localhost` and 127.0.0.1. */
export interface Authority extends AsyncDisposable {
  /** Its certificate, PEM: a file for ALERT_CA_FILE. */
  readonly file: string;
  readonly certificate: string;
  readonly server: { readonly key: string; readonly cert: string };
}

const openssl = (directory: string, ...args: string[]): Promise<unknown> =>
  testProcesses.run({ file: 'openssl', args, cwd: directory }, never);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export async function makeAuthority(): Promise<Authority> {
  const directory = await mkdtemp(path.join(tmpdir(), 'authority-'));
  const at = (name: string): string => path.join(directory, name);
  const subject = ['-subj', '/CN=Test Authority'];
  await openssl(directory, 'req', '-x509', ...KEY, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', ...subject);
  await openssl(directory, 'req', ...KEY, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=localhost');
  await writeFile(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', 'names'];
  await openssl(directory, 'x509', '-req', '-in', 'request.pem', '-out', 'cert.pem', ...signing);
  const [certificate, key, cert] = await Promise.all(
    ['ca.pem', 'key.pem', 'cert.pem'].map((name) => readFile(at(name), 'utf8')),
  );
  return {
    file: at('ca.pem'),
    certificate: certificate ?? '',
    server: { key: key ?? '', cert: cert ?? '' },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}
