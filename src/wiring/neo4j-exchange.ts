import path from 'node:path';
import type { Processes } from '../base/processes.ts';
import { CommandControl } from '../control/command-control.ts';
import { ContainerControl } from '../control/docker/container-control.ts';
import { DockerEngine } from '../control/docker/engine.ts';
import type { Settings } from '../config/schema.ts';
import { openContainerStore } from '../sources/neo4j/container-store.ts';
import { openLocalStore } from '../sources/neo4j/local-store.ts';
import type { StoreAccess } from '../sources/neo4j/store-directory.ts';

/** Of the official image. */
const DATA_DIRECTORY = '/data';

/** How the store of the live Neo4j may be exchanged; undefined where no control is set. */
export function neo4jExchange({ neo4j }: Settings, processes: Processes): StoreAccess | undefined {
  const { container, dataDirectory, stopCommand: stop, startCommand: start, dockerHost } = neo4j;
  if (container !== undefined) {
    const engine = new DockerEngine(dockerHost);
    return {
      control: new ContainerControl(engine, container),
      open: () => openContainerStore(engine, container, dataDirectory ?? DATA_DIRECTORY),
    };
  }
  if (stop === undefined || start === undefined || dataDirectory === undefined) return undefined;
  const lockFile = path.join(dataDirectory, 'databases', 'store_lock');
  return {
    control: new CommandControl({ stop, start, lockFile, processes }),
    open: () => openLocalStore(dataDirectory, process.getuid?.() ?? -1),
  };
}
