import type { DockerEngine } from './engine.ts';

/** What is asked of a container (GET /containers/{id}/json), of all that the engine tells. */
export interface ContainerDetails {
  readonly Id: string;
  readonly Image: string;
  readonly State: { readonly Running: boolean };
  readonly Config: { readonly User: string };
  readonly Mounts: readonly ContainerMount[];
}

export interface ContainerMount {
  readonly Type: string;
  /** Of a volume. */
  readonly Name?: string;
  /** On the engine's machine. */
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
}

export function containerPath(name: string): string {
  return `/containers/${encodeURIComponent(name)}`;
}

export async function inspectContainer(engine: DockerEngine, name: string): Promise<ContainerDetails> {
  return await engine.json<ContainerDetails>({ method: 'GET', path: `${containerPath(name)}/json` });
}
