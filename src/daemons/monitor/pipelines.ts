import type { IncomingMessage, RequestListener } from 'node:http';

/**
 * How many requests of one connection may wait for their answers. Browsers and Prometheus ask for one after the other; a
 * thousand requests fit into one packet, and their answers, if nobody reads them, not into our memory.
 */
const MOST_WAITING = 4;

/** Hangs up on a connection that asks for more before it was answered. */
export function limitWaiting(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<IncomingMessage['socket'], number>();
  return (incoming, outgoing) => {
    const { socket } = incoming;
    const others = waiting.get(socket) ?? 0;
    if (socket.destroyed || others === MOST_WAITING) return void socket.destroy();
    waiting.set(socket, others + 1);
    outgoing.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    return listener(incoming, outgoing);
  };
}
