import { describe, expect, test } from 'vitest';
import { docker, inspect } from './support/docker.ts';
import { engine, rig } from './support/rig.ts';
import { until } from './support/wait.ts';

interface State {
  readonly Status: string;
  readonly ExitCode: number;
  readonly StartedAt: string;
}

describe.runIf(engine)('what puts files back', () => {
  test('ends by itself after the last run that may need it, and is there for the next', async () => {
    const { stack } = rig();
    const helper = `${stack.name}-application-helper`;
    const words = ['run', '--rm', 'backup-restore', 'recover', 'status'];
    const first = await stack.compose(...words);
    expect(first.code, first.stderr).toBeLessThanOrEqual(5);
    const before = await inspect<State>(helper, '.State');
    expect(before.Status).toBe('running');
    await until(`${helper} has ended`, async () => (await inspect<State>(helper, '.State')).Status === 'exited');
    expect((await inspect<State>(helper, '.State')).ExitCode).toBe(0);
    expect(await stack.strangersFiles()).toEqual([]);

    const second = await stack.compose(...words);
    expect(second.code, second.stderr).toBe(first.code);
    const after = await inspect<State>(helper, '.State');
    expect(after.Status).toBe('running');
    expect(after.StartedAt).not.toBe(before.StartedAt);
    await stack.mustCompose('--profile', 'restore', 'rm', '--stop', '--force', 'application-helper');
  });

  test('is not taken away from a recovery by a look at it from another shell', async () => {
    const { stack } = rig();
    const helper = `${stack.name}-application-helper`;
    await stack.mustCompose('--profile', 'restore', 'up', '--detach', '--wait', 'application-helper');
    try {
      const before = await inspect<State>(helper, '.State');
      const uses = 'flock --shared "$AGENT_DIR/in-use" sleep 3600'; // as a recovery does
      await docker('exec', '--detach', '--user', '1000:1000', helper, 'sh', '-c', uses);
      const ended = await stack.script(['restore/disaster_recovery.sh', 'recover', 'status']);
      expect(ended.code, ended.stderr).toBeLessThanOrEqual(5);
      const after = await inspect<State>(helper, '.State');
      expect(after).toMatchObject({ Status: 'running', StartedAt: before.StartedAt });
    } finally {
      await stack.mustCompose('--profile', 'restore', 'rm', '--stop', '--force', 'application-helper');
    }
  });
});
