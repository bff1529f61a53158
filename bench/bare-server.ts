/** Answers every request with the same bytes, in a process of its own: what this machine can do at all. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const body = 'x'.repeat(Number(process.argv[2]));
const server = createServer((_, response) => response.writeHead(200, { 'content-length': body.length }).end(body));
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
