/** The least that an export over Bolt can do: every node and every relationship, read and thrown away. */
import neo4j from 'neo4j-driver';
import { required } from '../platform/clients/environment.ts';

const environment = process.env as Record<string, string>;
const driver = neo4j.driver(
  `bolt://${required(environment, 'NEO4J_HOST')}:${required(environment, 'NEO4J_PORT')}`,
  neo4j.auth.basic(required(environment, 'NEO4J_USER'), required(environment, 'NEO4J_PASSWORD')),
  { fetchSize: 1000 },
);
const session = driver.session({ database: required(environment, 'NEO4J_DATABASE') });
let entities = 0;
for (const query of ['MATCH (n) RETURN n', 'MATCH ()-[r]->() RETURN r']) {
  for await (const record of session.run(query)) entities += record.length;
}
await driver.close();
console.log(JSON.stringify({ entities }));
