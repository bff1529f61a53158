import type { Service } from '../../../src/model/vocabulary.ts';
import { type CheapService, type OwnServices, startServices } from './own-services.ts';
import { borrowNeo4j } from './shared-neo4j.ts';
import { openSite, type Site } from './site.ts';

/** Services of a test file's own (or lent: Neo4j), and a site beside them. */
export interface Rig extends AsyncDisposable {
  readonly services: OwnServices;
  readonly site: Site;
}

export async function openRig(names: readonly Service[]): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const services = stack.use(await startServices(names.filter((each): each is CheapService => each !== 'neo4j')));
  const lent = names.includes('neo4j') ? stack.use(await borrowNeo4j()).environment : {};
  const site = stack.use(await openSite(names, { ...services.environment, ...lent }));
  const owned = stack.move();
  return { services, site, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Takes a backup and returns its id. */
export async function takeBackup(site: Site, service: string, type = 'daily'): Promise<string> {
  const document = await site.good(['backup', service, type]);
  const [taken] = document['backups'] as { readonly id: string }[];
  if (taken === undefined) throw new Error('no backup was taken');
  return taken.id;
}
