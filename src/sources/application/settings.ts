/** One directory of the application and the name it has in backups. */
export interface Tree {
  /** Letters, digits, `_`, `.` and `-`, as in APPLICATION_PATHS. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

export interface ApplicationSettings {
  readonly paths: readonly Tree[];
}

/** What a restore belongs to: these directories under these names, on whatever machine they are. */
export function treesIdentity({ paths }: ApplicationSettings): string {
  return `application ${paths.map(({ name, path }) => `${name}=${path}`).join(',')}`;
}
