import { inject } from 'vitest';
import type { SharedRig } from './global-setup.ts';
import { ContainerPlatform } from './platform.ts';
import { Stack } from './stack.ts';

export interface Rig {
  readonly shared: SharedRig;
  readonly stack: Stack;
  readonly platform: ContainerPlatform;
}

/** Whether the machine can run these tests; if not, global-setup.ts has said so. */
export const engine = inject('containers') !== undefined;

export function rig(): Rig {
  const shared = inject('containers');
  if (shared === undefined) throw new Error('no Docker engine answers');
  const { name, passwords } = shared;
  return {
    shared,
    stack: Stack.at(shared.directory, name, name),
    platform: new ContainerPlatform(`${name}-platform`, { ...passwords, PHYSICS_NETWORK: name }),
  };
}
