import type { Command } from 'commander';
import { secondsBetween } from '../../base/clock.ts';
import { type Instant, SERVICES } from '../../model/vocabulary.ts';
import { cronWords } from '../../policy/cron-words.ts';
import { nextSlot } from '../../policy/schedule.ts';
import { spanOf } from '../../policy/words.ts';
import { wrapped } from '../wrapping.ts';
import type { ScheduleLine, ScheduleView } from '../host.ts';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';
import { parseServices } from '../words.ts';

export function registerSchedule(program: Command, act: Act): void {
  program
    .command('schedule')
    .description('when the backups of each service begin, in words, and which is next')
    .argument('[service]', `${SERVICES.join(', ')} or all`, 'all')
    .action((service: string) => act((invocation) => schedule(service, invocation)));
}

async function schedule(word: string, { host }: Invocation): Promise<Outcome> {
  const services = parseServices(word);
  const view = await host.schedules();
  const asked = view.lines.filter(({ service }) => services === 'all' || services.includes(service));
  const planned = asked.map((line) => planOf(line, view)).toSorted(byNext);
  return { data: { at: view.at, zone: view.zone, schedules: planned }, text: textOf(planned, view) };
}

/** What is known of one type. */
interface Plan extends Omit<ScheduleLine, 'cron'> {
  readonly cron: string | null;
  /** Null where only the expression says it. */
  readonly words: string | null;
  /** Null: it has no schedule, or one that no day ever meets. */
  readonly next: Instant | null;
  readonly inSeconds: number | null;
}

function planOf(line: ScheduleLine, { at, zone }: ScheduleView): Plan {
  const { service, type, cron } = line;
  if (cron === undefined) return { ...line, cron: null, words: null, next: null, inSeconds: null };
  const next = nextSlot({ service, type, cron }, at, zone) ?? null;
  const inSeconds = next === null ? null : secondsBetween(at, next);
  return { ...line, cron, words: cronWords(cron) ?? null, next, inSeconds };
}

/** Those without a next one last. */
function byNext({ next: a }: Plan, { next: b }: Plan): number {
  if (a === b) return 0;
  return b === null || (a !== null && a < b) ? -1 : 1;
}

function textOf(plans: readonly Plan[], { at, zone }: ScheduleView): string {
  const set = plans.filter(({ cron }) => cron !== null);
  const lines = [
    `the times are those of ${zone}, where it is ${localTime(at, zone)} now`,
    '',
    ...set.flatMap((each) => wrapped(lineOf(each, at, zone), '    ')),
    ...(set.length === 0 ? ['nothing has a schedule'] : []),
    ...withoutLines(plans.filter(({ cron }) => cron === null)),
  ];
  return lines.join('\n');
}

function lineOf(plan: Plan, at: Instant, zone: string): string {
  const { service, type, cron, words, next, inSeconds, origin, where } = plan;
  const when = words ?? `"${cron ?? ''}"`;
  const comes =
    next === null || inSeconds === null
      ? 'which no day ever meets'
      : `next ${localTime(next, zone, at)}, in ${spanOf(inSeconds)}`;
  return `${service} ${type}: ${when}, ${comes}${origin === 'default' ? '' : ` (${where})`}`;
}

/** Those that somebody turned off, with the place; then the others, by service. */
function withoutLines(plans: readonly Plan[]): string[] {
  const off = plans
    .filter((each) => each.off)
    .flatMap(({ service, type, where }) => wrapped(`${service} ${type}: off (${where})`, '    '));
  const others = Map.groupBy(
    plans.filter((each) => !each.off),
    ({ service }) => service,
  );
  const none = [...others].flatMap(([service, types]) =>
    wrapped(`${service}: no schedule for ${types.map(({ type }) => type).join(', ')}`, '    '),
  );
  return [...off, ...(none.length === 0 ? [] : ['', ...none])];
}

/** `Mon 30 Nov 02:00 CET`, as a clock on a wall of the zone shows it; with the year where it is not that of `now`. */
function localTime(at: Instant, timeZone: string, now?: Instant): string {
  const parts = partsOf(at, timeZone);
  const year = now !== undefined && partsOf(now, timeZone)('year') === parts('year') ? '' : ` ${parts('year')}`;
  const date = `${parts('weekday')} ${parts('day')} ${parts('month')}${year}`;
  return `${date} ${parts('hour')}:${parts('minute')} ${parts('timeZoneName')}`;
}

function partsOf(at: Instant, timeZone: string): (wanted: Intl.DateTimeFormatPartTypes) => string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).formatToParts(new Date(at));
  return (wanted) => parts.find(({ type }) => type === wanted)?.value ?? '';
}
