import path from 'node:path';
import { type Environment, inspect, must } from './docker.ts';

const FILE = path.join(import.meta.dirname, 'platform.compose.yml');

/** The servers of a platform in containers, in a network of their own. */
export class ContainerPlatform implements AsyncDisposable {
  readonly project: string;
  readonly #environment: Environment;

  constructor(project: string, environment: Environment) {
    this.project = project;
    this.#environment = environment;
  }

  /** Resolves when they answer. `services` limits which. */
  async up(...services: readonly string[]): Promise<void> {
    await this.compose('up', '--detach', '--wait', ...services);
  }

  compose(...args: readonly string[]): Promise<string> {
    return must(['docker', 'compose', '--file', FILE, '--project-name', this.project, ...args], this.#environment);
  }

  container(service: string): string {
    return `${this.project}-${service}-1`;
  }

  /** Where this machine reaches a server: containers have addresses on their network that a Linux host can reach. */
  async address(service: string): Promise<string> {
    type Networks = Record<string, { readonly IPAddress: string }>;
    const networks = await inspect<Networks>(this.container(service), '.NetworkSettings.Networks');
    const [address] = Object.values(networks).map(({ IPAddress }) => IPAddress);
    if (address === undefined || address === '') throw new Error(`${service} has no address`);
    return address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose('down', '--volumes', '--timeout', '1');
  }
}
