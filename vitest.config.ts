import { defineConfig } from 'vitest/config';

// Real servers answer in their own time on a busy machine of two cores; nothing here waits longer than it must.
const patience = { testTimeout: 180_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    globalSetup: 'test/support/system/global-setup.ts',
    projects: [
      {
        test: {
          name: 'suite',
          include: ['test/**/*.test.ts'],
          exclude: ['test/campaigns/**', 'test/containers/**'],
          ...patience,
        },
      },
      {
        test: {
          name: 'containers',
          include: ['test/containers/**/*.test.ts'],
          globalSetup: 'test/containers/support/global-setup.ts',
          fileParallelism: false,
          // A recovery of all four takes two minutes, and ten where twenty other processes want the two cores.
          testTimeout: 2_400_000,
          hookTimeout: 2_400_000,
        },
      },
      {
        test: {
          name: 'container-campaigns',
          include: ['test/containers/**/*.campaign.ts'],
          fileParallelism: false,
          testTimeout: 4 * 3_600_000,
          hookTimeout: 4 * 3_600_000,
        },
      },
      {
        test: {
          name: 'campaigns',
          include: ['test/campaigns/**/*.test.ts'],
          testTimeout: 4 * 3_600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
