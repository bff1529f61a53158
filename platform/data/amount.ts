/** How much data to make. Data grows linearly with `scale`; the same `scale` and `seed` give the same data. */
export interface Amount {
  /** 1 is tiny: some hundred rows, nodes, keys and a few files. About 0.4 MB more of all four services for each 1. */
  readonly scale: number;
  readonly seed: number;
}

/** Names for the scales people ask for; `large` is gigabytes. */
const SCALES: Readonly<Record<string, number>> = { tiny: 1, small: 30, medium: 1000, large: 15_000 };

/** Reads a size: a name of `SCALES` or a positive number. Throws a RangeError that lists what is possible. */
export function parseAmount(size: string, seed = 1): Amount {
  const scale = SCALES[size] ?? Number(size);
  if (!Number.isFinite(scale) || scale <= 0)
    throw new RangeError(`size "${size}" is neither a positive number nor one of ${Object.keys(SCALES).join(', ')}`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed ${seed} is not an integer`);
  return { scale, seed };
}

/** How many of something, of which a scale of 1 has `perScale`; at least 1. */
export function countOf(amount: Amount, perScale: number): number {
  return Math.max(1, Math.round(amount.scale * perScale));
}
