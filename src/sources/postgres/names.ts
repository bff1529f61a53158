import { stampOf } from '../../base/clock.ts';

/** NAMEDATALEN - 1: longer names are cut by the server without an error. */
const NAME_BYTES = 63;

/** Names of the databases that a restore puts beside the live one, e.g. `physics_restore_20260816_020000`. */
export function asideNames(
  database: string,
  at: string,
  taken: ReadonlySet<string>,
): { staged: string; replaced: string } {
  const stamp = stampOf(at);
  for (let attempt = 1; ; attempt++) {
    const suffix = attempt === 1 ? stamp : `${stamp}_${attempt}`;
    const staged = fit(database, `_restore_${suffix}`);
    const replaced = fit(database, `_replaced_${suffix}`);
    if (!taken.has(staged) && !taken.has(replaced)) return { staged, replaced };
  }
}

/** The name with its suffix, cut between characters so that the server need not cut it. */
function fit(name: string, suffix: string): string {
  let kept = name;
  while (Buffer.byteLength(kept + suffix) > NAME_BYTES) kept = Array.from(kept).slice(0, -1).join('');
  return kept + suffix;
}
