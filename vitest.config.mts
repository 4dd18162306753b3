import { defineConfig } from 'vitest/config';

/** One lab serves all tests that drive the workbench. */
const inWorkbench = {
  globalSetup: ['test/ui/lab.setup.ts'],
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 20_000 } },
};

export default defineConfig({
  test: {
    projects: [
      // A loaded machine must not fail a test: how fast something is is not told here.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
      { test: { name: 'ui', include: ['test/ui/**/*.test.ts'], ...inWorkbench } },
      { test: { name: 'vsix', include: ['test/vsix/**/*.test.ts'], ...inWorkbench } },
    ],
  },
});
