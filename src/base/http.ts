/**
 * Node's own `node:http`. To import it by its name makes Node load its `fetch` too, of which the module offers a
 * `WebSocket`: 16 MiB of memory for nothing (docs/performance.md).
 */
export const { createServer, request, STATUS_CODES } = process.getBuiltinModule('node:http');
