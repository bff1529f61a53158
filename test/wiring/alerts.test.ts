import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadConfiguration } from '../../src/config/load.ts';
import type { Situation } from '../../src/model/situation.ts';
import { openAlerter } from '../../src/wiring/alerts.ts';
import { conditionOf } from '../support/conditions.ts';
import { makeAuthority } from '../support/receivers/authority.ts';
import { httpsReceiver } from '../support/receivers/https.ts';

test('the settings make receivers, and no secret of theirs is ever told', async () => {
  await using authority = await makeAuthority();
  await using server = await httpsReceiver(authority);
  const STATE_DIR = await mkdtemp(path.join(tmpdir(), 'alerts-wiring-'));
  const configuration = loadConfiguration({
    STATE_DIR,
    WEBHOOK_URL: server.url,
    ALERT_CA_FILE: authority.file,
    NEO4J_PASSWORD: 'marker-neo4j',
    ALERT_GROUP: 'none',
  });
  const said: string[] = [];
  {
    await using alerter = await openAlerter(configuration, (line) => said.push(line));
    const conditions = ['a', 'b'].map((key) => conditionOf(key, { summary: `${server.url} and marker-neo4j` }));
    const at = new Date().toISOString();
    await alerter.observe({ at, conditions, services: [], volumes: [] } as unknown as Situation);
    await server.has(2);
  }
  expect(said).toEqual([]);
  const bodies = server.received.map(({ body }) => body).join('\n');
  expect(bodies).toContain('*** and ***');
  expect(bodies).not.toMatch(/marker-neo4j|token-in-path/);
  await rm(STATE_DIR, { recursive: true });
});
