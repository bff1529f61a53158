/** Like Promise.all, but nothing is still running when it fails. */
export async function allEnded<T extends readonly unknown[]>(work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const results = await Promise.allSettled(work as readonly Promise<unknown>[]);
  const failed = results.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return (await Promise.all(work as readonly Promise<unknown>[])) as unknown as T;
}
