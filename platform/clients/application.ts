import { type Environment, required } from './environment.ts';

export interface ApplicationDirectory {
  readonly name: string;
  readonly path: string;
}

/** The directories of `APPLICATION_PATHS` (`uploads=/a/b,models=/c`). */
export function applicationDirectories(environment: Environment): ApplicationDirectory[] {
  return required(environment, 'APPLICATION_PATHS')
    .split(',')
    .map((part) => {
      const cut = part.indexOf('=');
      if (cut < 1) throw new Error(`APPLICATION_PATHS: "${part}" is not name=path`);
      return { name: part.slice(0, cut).trim(), path: part.slice(cut + 1).trim() };
    });
}
