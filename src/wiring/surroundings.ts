import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Processes } from '../base/processes.ts';
import type { Configuration } from '../config/load.ts';
import type { RunTrigger } from '../model/runs.ts';
import { reachedFrom } from './crash-hook.ts';
import type { RepositoryTools } from './repository.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the parts need of the process. */
export interface Surroundings {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Sends a signal to this process, for tests of crashes. */
  readonly kill: (signal: 'SIGKILL' | 'SIGINT') => void;
  /** What made a run begin, where it was no command. */
  readonly trigger?: RunTrigger;
  /** Instead of what the environment says now. */
  readonly configuration?: Configuration;
}

export interface Tools extends RepositoryTools {
  readonly trigger: RunTrigger;
}

export function toolsIn({ environment, kill, trigger }: Surroundings, log: Log): Tools {
  return {
    trigger: trigger ?? { trigger: 'command' },
    clock: systemClock,
    reached: reachedFrom(environment, kill),
    processes: new Processes(childEnvironment(environment)),
    log,
  };
}

const INHERITED = ['PATH', 'HOME', 'TZ', 'TMPDIR', 'JAVA_HOME'];

/** All that children inherit: no secret is among it. */
function childEnvironment(environment: Environment): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { PATH: '/usr/local/bin:/usr/bin:/bin', ...Object.fromEntries(inherited), LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
}
