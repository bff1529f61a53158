import type { ServiceLog } from './log.ts';

/** What retention did in a simulated time: what each month's clean-ups removed and why, and what is there at the end. */
export function shelfText({ service, cleanups, stored }: ServiceLog): string {
  const counts = new Map<string, number>();
  for (const { wall, plan } of cleanups) {
    for (const { backup, keep, reason } of plan) {
      if (keep) continue;
      const line = `${new Date(wall).toISOString().slice(0, 7)} removed ${backup.manifest.type}: ${reason}`;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
  }
  const removed = [...counts].map(([line, count]) => `${line}: ${count}`).toSorted();
  const reasons = new Map((cleanups.at(-1)?.plan ?? []).map(({ backup, reason }) => [backup.manifest.id, reason]));
  const left = stored.map(({ manifest }) => `${manifest.id}: ${reasons.get(manifest.id) ?? 'taken since'}`);
  return `# ${service}\n${[...removed, ...left].join('\n')}\n`;
}
