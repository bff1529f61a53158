import * as v from 'valibot';

const OnceLive = v.object({
  comment: v.nullable(v.string()),
  connectionLimit: v.pipe(v.number(), v.finite()),
  isTemplate: v.boolean(),
  allowConnections: v.boolean(),
});

/** What a database gets back once it is the live one. */
export type OnceLive = v.InferOutput<typeof OnceLive>;

const Marker = v.object({
  /** The restore's token: nothing without it is ever renamed or dropped. */
  restore: v.string(),
  part: v.picklist(['staging', 'staged', 'swapping', 'rolled-back', 'replaced', 'returning']),
  onceLive: OnceLive,
  /** While swapping: whether the live database took connections before. */
  liveAllowed: v.optional(v.boolean()),
});

/** What a database beside the live one is, written into its comment, so that no state is guessed from names. */
export type Marker = v.InferOutput<typeof Marker>;

const PREFIX = 'physics-backup restore ';

export function formatMarker(marker: Marker): string {
  return `${PREFIX}${JSON.stringify(marker)}`;
}

/** Undefined for any other comment. */
export function parseMarker(comment: string | null): Marker | undefined {
  if (comment?.startsWith(PREFIX) !== true) return undefined;
  try {
    const parsed = v.safeParse(Marker, JSON.parse(comment.slice(PREFIX.length)));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
