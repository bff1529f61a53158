import type { BackupType, Service } from '../../../src/model/vocabulary.ts';
import type { Day, WallSchedule } from './wall-slots.ts';
import type { Schedules } from './world.ts';

const anyDay = (): boolean => true;
const onSunday = ({ weekday }: Day): boolean => weekday === 0;
const onFirst = ({ date }: Day): boolean => date === 1;

/** What each type's schedule may become; the first is what the deployment guide has, where it has one. */
const OPTIONS: Readonly<Record<string, readonly [WallSchedule, ...WallSchedule[]]>> = {
  'postgres daily': [daily(2, 0), daily(2, 30), daily(1, 45)],
  'postgres weekly': [weekly(1), weekly(2)],
  'postgres monthly': [{ cron: '0 0 1 * *', times: [[0, 0]], on: onFirst }],
  'postgres yearly': [{ cron: '0 0 29 2 *', times: [[0, 0]], on: ({ month, date }) => month === 2 && date === 29 }],
  'neo4j daily': [daily(3, 0), daily(2, 15)],
  'neo4j weekly': [weekly(2)],
  'neo4j monthly': [{ cron: '30 2 29 * *', times: [[2, 30]], on: ({ date }) => date === 29 }],
  'redis daily': [daily(4, 0), daily(1, 30)],
  'redis weekly': [weekly(3)],
  'redis hourly': [{ cron: '0 */6 * * *', times: [0, 6, 12, 18].map((hour) => [hour, 0] as const), on: anyDay }],
  'application daily': [
    daily(5, 0),
    { cron: '0 5 * * 1-5', times: [[5, 0]], on: ({ weekday }) => weekday >= 1 && weekday <= 5 },
  ],
  'application weekly': [weekly(4)],
};

/** For short times: a run of every hour is a long simulation. */
const OFTEN: WallSchedule = { cron: '15 * * * *', minutes: [15], on: anyDay };

function daily(hour: number, minute: number): WallSchedule {
  return { cron: `${minute} ${hour} * * *`, times: [[hour, minute]], on: anyDay };
}

function weekly(hour: number): WallSchedule {
  return { cron: `0 ${hour} * * 0`, times: [[hour, 0]], on: onSunday };
}

/** What a time begins with. */
export function guideSchedules(often: boolean): Schedules {
  const guide = Object.entries(OPTIONS).reduce<Schedules>((all, [name, [first]]) => withOption(all, name, first), {
    postgres: {},
    neo4j: {},
    redis: {},
    application: {},
  });
  return often ? withOption(guide, 'redis hourly', OFTEN) : guide;
}

/** One type has another schedule, or none, by numbers in [0, 1); what was taken away is what comes back next. */
export function changed(schedules: Schedules, which: number, how: number): Schedules {
  const names = Object.keys(OPTIONS);
  const away = names.find((each) => optionOf(schedules, each) === undefined);
  const name = away ?? names[Math.floor(which * names.length)] ?? '';
  const options = [...(OPTIONS[name] ?? []), ...(away === undefined ? [undefined] : [])];
  return withOption(schedules, name, options[Math.floor(how * options.length)]);
}

function optionOf(schedules: Schedules, name: string): WallSchedule | undefined {
  const [service, type] = name.split(' ') as [Service, BackupType];
  return schedules[service][type];
}

function withOption(schedules: Schedules, name: string, option: WallSchedule | undefined): Schedules {
  const [service, type] = name.split(' ') as [Service, BackupType];
  const { [type]: _, ...others } = schedules[service];
  return { ...schedules, [service]: option === undefined ? others : { ...others, [type]: option } };
}

/** The same schedule as its slots on a wall's clock. */
export function scheduleOf(cron: string): WallSchedule {
  const found = [OFTEN, ...Object.values(OPTIONS).flat()].find((each) => each.cron === cron);
  if (found === undefined) throw new Error(`nobody set the schedule ${cron}`);
  return found;
}
