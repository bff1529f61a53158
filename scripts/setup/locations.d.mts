/** Where Debian keeps PostgreSQL's server programs, which are not on the PATH. */
export declare const POSTGRES_BIN: string;
/** The cache outside the tree; `uid` is that of the user who runs this. */
export declare function cacheDirectory(environment: Readonly<Record<string, string | undefined>>, uid: number): string;
/** Neo4j laid out as its tarball: bin/, conf/, lib/. The user's own, or root's where that is all there is. */
export declare function neo4jHome(environment: Readonly<Record<string, string | undefined>>, uid: number): string;
