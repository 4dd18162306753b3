/** A vitest reporter that hands the counts to scripts/test.mjs, in the file that INCUS_TEST_COUNTS names. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const file = process.env['INCUS_TEST_COUNTS'];
    if (file === undefined) return;
    const tests = modules.flatMap((module): TestCase[] => [...module.children.allTests()]);
    const inState = (state: string) => tests.filter((test) => test.result().state === state);
    // A module that cannot be loaded has no tests that could fail.
    const broken =
      modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length + errors.length;
    const skipped = inState('skipped').map((test) => {
      const result = test.result();
      return result.state === 'skipped' && result.note !== undefined
        ? `${test.fullName}: ${result.note}`
        : test.fullName;
    });
    const failures = inState('failed').map((test) => {
      const why = test.result().errors?.[0]?.message ?? '';
      return `${test.fullName}: ${why.replaceAll(/\s+/g, ' ').slice(0, 600)}`;
    });
    const counts = { passed: inState('passed').length, failed: failures.length + broken, skipped, failures };
    writeFileSync(file, JSON.stringify(counts));
  }
}
