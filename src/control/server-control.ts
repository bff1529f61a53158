/**
 * A server that we may stop and start. No verb takes a run's signal: a server that was stopped has to be started
 * again whatever becomes of the run, so each has a time limit of its own.
 */
export interface ServerControl {
  /** What is controlled, in the words of a message: `container physics-neo4j`. */
  readonly name: string;
  /** Whether a process of the server is there, answering or not. */
  running(): Promise<boolean>;
  /** Ends it in good order; resolves when it has ended. Nothing happens if it does not run. */
  stop(): Promise<void>;
  /** Resolves once it was told to start; it answers later. Nothing happens if it runs. */
  start(): Promise<void>;
}
