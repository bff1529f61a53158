import { expect, test, vi } from 'vitest';
import { progressView } from '../../src/cli/progress.ts';

function recorder(columns = 80) {
  const written: string[] = [];
  return { written, output: { write: (text: string) => void written.push(text), terminal: true, columns } };
}

/** Replays what a terminal would show: cursor up and clear to the end are all that is used. */
function screen(written: readonly string[]): string[] {
  let lines: string[] = [];
  for (const text of written) {
    // eslint-disable-next-line no-control-regex
    const up = /^\u001B\[(\d+)A\u001B\[0J/.exec(text);
    if (up !== null) lines = lines.slice(0, lines.length - Number(up[1]));
    else lines.push(...text.split('\n').slice(0, -1));
  }
  return lines;
}

test('in plain style each step begins with a line, and bytes are told now and then', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { written, output } = recorder();
  const view = progressView(output, 'lines');
  const postgres = view.of('postgres');
  postgres.step('dump');
  for (let second = 1; second <= 12; second++) {
    vi.advanceTimersByTime(1000);
    postgres.bytes(second * 1024 * 1024);
  }
  postgres.step('commit');
  view.close();
  vi.useRealTimers();
  expect(written).toEqual([
    'postgres: dump\n',
    'postgres: dump: 5.0 MiB, 1.0 MiB/s\n',
    'postgres: dump: 10.0 MiB, 1.0 MiB/s\n',
    'postgres: dump took 12 s (12.0 MiB, 1.0 MiB/s)\n',
    'postgres: commit\n',
  ]);
});

test('on a terminal every service has one line, redrawn in place and gone at the end', () => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  const { written, output } = recorder(80);
  const view = progressView(output, 'redrawn');
  view.of('postgres').step('dump');
  view.of('redis').step('a step with a name that is much longer than the terminal that it is to be drawn on is wide');
  view.of('postgres').bytes(3 * 1024 * 1024, 6 * 1024 * 1024);
  vi.advanceTimersByTime(1000);
  const shown = screen(written);
  expect(shown).toHaveLength(2);
  expect(shown[0]).toMatch(/^postgres\s+dump\s+1\.0 s\s+3\.0 MiB of 6\.0 MiB, 3\.0 MiB\/s$/);
  expect(shown[1]?.length).toBeLessThan(80);
  view.line('warning: something');
  expect(screen(written)[0]).toBe('warning: something');
  view.close();
  vi.useRealTimers();
  expect(screen(written)).toEqual(['warning: something']);
});

test('in silence only lines are shown', () => {
  const { written, output } = recorder();
  const view = progressView(output, 'silent');
  view.of('redis').step('dump');
  view.line('warning: something');
  view.close();
  expect(written).toEqual(['warning: something\n']);
});
