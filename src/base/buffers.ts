/**
 * Frees what has been used up at once, where it is a buffer of its own. Left to the collector, which sees only that
 * much memory hangs on few objects, it costs a collection of the whole heap every few megabytes, and tens of megabytes.
 */
export function giveBack({ length, buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
