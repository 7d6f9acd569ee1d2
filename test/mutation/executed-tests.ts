import type { Reporter, TestModule, Vitest } from 'vitest/node';

/**
 * Keeps Stryker from counting a mutant as survived that no test has seen. Its runner looks at the results of tests alone,
 * so a file that cannot be imported looks green, and so does a run in which Vitest executed nothing.
 */
export class ExecutedTests implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const error of modules.flatMap((module) => module.errors())) {
      // The runner reports a mutant with an unhandled error as a run-time error.
      this.#vitest?.state.errorsSet.add(error);
    }
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const executed = tests.some((test) => ['passed', 'failed'].includes(test.result().state));
    // The runner is restarted, and the run repeated.
    if (tests.length > 0 && !executed) throw new Error('no test was executed');
  }
}
