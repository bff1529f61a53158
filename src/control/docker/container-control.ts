import type { ServerControl } from '../server-control.ts';
import { containerPath, inspectContainer } from './container.ts';
import type { DockerEngine } from './engine.ts';

/** A server closes its store when it is stopped; the engine's usual ten seconds end some in the middle of it. */
const GRACE_SECONDS = 120;

/** Control of a container through the engine. What was stopped so is not started by any restart policy. */
export class ContainerControl implements ServerControl {
  readonly name: string;
  readonly #engine: DockerEngine;
  readonly #container: string;

  constructor(engine: DockerEngine, container: string) {
    this.name = `container ${container}`;
    this.#engine = engine;
    this.#container = container;
  }

  async running(): Promise<boolean> {
    return (await inspectContainer(this.#engine, this.#container)).State.Running;
  }

  async stop(): Promise<void> {
    await this.#verb(`stop?t=${GRACE_SECONDS}`);
  }

  async start(): Promise<void> {
    await this.#verb('start');
  }

  async #verb(verb: string): Promise<void> {
    const path = `${containerPath(this.#container)}/${verb}`;
    await this.#engine.bytes({ method: 'POST', path, alsoGood: [304] });
  }
}
