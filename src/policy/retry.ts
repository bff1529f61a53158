/** Exit codes of a backup that another try may mend: it failed, or something could not be reached. */
const MENDABLE: readonly number[] = [1, 7];

const WAITS_SECONDS = [60, 300, 900] as const;

/**
 * How long to wait before a failed backup is tried again, in seconds; undefined when it is not. A backup that failed left
 * nothing behind and changed nothing; one that is damaged, was refused or ran past its limit would only be so again.
 */
export function retryAfter(code: number, attempts: number): number | undefined {
  return MENDABLE.includes(code) ? WAITS_SECONDS[attempts - 1] : undefined;
}
