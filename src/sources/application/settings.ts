/** One directory of the application and the name it has in backups. */
export interface Tree {
  /** Letters, digits, `_`, `.` and `-`, as in APPLICATION_PATHS. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

export interface ApplicationSettings {
  readonly paths: readonly Tree[];
  /**
   * Directories that must not lie in a tree, by their setting: a backup would hold all backups before it and the keys
   * that open them, and a restore would exchange the journal that it is written in.
   */
  readonly apart?: Readonly<Record<string, string>>;
}

/** What a restore belongs to: these directories under these names, on whatever machine they are. */
export function treesIdentity({ paths }: ApplicationSettings): string {
  return `application ${paths.map(({ name, path }) => `${name}=${path}`).join(',')}`;
}
