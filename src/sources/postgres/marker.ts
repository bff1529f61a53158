import * as z from 'zod/mini';

const OnceLive = z.object({
  comment: z.nullable(z.string()),
  connectionLimit: z.number(),
  isTemplate: z.boolean(),
  allowConnections: z.boolean(),
});

/** What a database gets back once it is the live one. */
export type OnceLive = z.infer<typeof OnceLive>;

const Marker = z.object({
  /** The restore's token: nothing without it is ever renamed or dropped. */
  restore: z.string(),
  part: z.enum(['staging', 'staged', 'swapping', 'rolled-back', 'replaced', 'returning']),
  onceLive: OnceLive,
  /** While swapping: whether the live database took connections before. */
  liveAllowed: z.optional(z.boolean()),
});

/** What a database beside the live one is, written into its comment, so that no state is guessed from names. */
export type Marker = z.infer<typeof Marker>;

const PREFIX = 'physics-backup restore ';

export function formatMarker(marker: Marker): string {
  return `${PREFIX}${JSON.stringify(marker)}`;
}

/** Undefined for any other comment. */
export function parseMarker(comment: string | null): Marker | undefined {
  if (comment?.startsWith(PREFIX) !== true) return undefined;
  try {
    return z.safeParse(Marker, JSON.parse(comment.slice(PREFIX.length))).data;
  } catch {
    return undefined;
  }
}
