import { describe, expect, test, vi } from 'vitest';
import type { Situation } from '../../src/model/situation.ts';
import { docker } from './support/docker.ts';
import { engine, rig } from './support/rig.ts';
import { until } from './support/wait.ts';

describe.runIf(engine)('the monitor', () => {
  test('is published on this machine only, and shows what the others do', async () => {
    const { stack } = rig();
    const address = (await docker('port', stack.container('monitor'), '8084/tcp')).trim();
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    type Answer = { readonly sight: { readonly state: string }; readonly data: Situation };
    const ask = async (): Promise<Answer> =>
      (await (await fetch(`http://${address}/api/v1/situation`)).json()) as Answer;
    // Its first look may come before the others have begun.
    await until('all schedulers are seen', async () => (await ask()).data.scheduler.services.length === 4);
    const { sight, data } = await ask();
    expect(sight.state).toBe('current');
    expect(data.services.map(({ service }) => service)).toEqual(['postgres', 'neo4j', 'redis', 'application']);
    expect(data.scheduler.services).toHaveLength(4);
    expect(data.conditions.map(({ name }) => name)).not.toContain('MonitorBlind');
    expect(data.conditions.map(({ name }) => name)).not.toContain('StateUnreadable');
    expect(await (await fetch(`http://${address}/`)).text()).toContain('we could ');
    expect(await (await fetch(`http://${address}/metrics`)).text()).toMatch(
      /^volume_usage_percent\{.*volume="backup-/m,
    );
  });

  test('is healthy to the engine while it looks', async () => {
    const { stack } = rig();
    const health = (): Promise<string> =>
      docker('inspect', '--format', '{{.State.Health.Status}}', stack.container('monitor'));
    await vi.waitFor(async () => expect((await health()).trim()).toBe('healthy'), { timeout: 300_000, interval: 500 });
  });
});
