import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node';

/** A full run must have run a suite or a test file whose name contains each of these, in any case. */
const REQUIRED = [
  ...['PostgreSQL', 'SQLite', 'Oracle', 'acceptance', 'fault suite'],
  'what all suites sent to Oracle',
];

/** Suites with these names need what npm does not install: a run on CI must have run them, any other may skip them. */
const REQUIRED_ON_CI = ['standby', 'PgBouncer'];

/** What the rule needs to know about a describe block or a test file. */
export interface SuiteResult {
  readonly name: string;
  /** Whether at least one test in it passed or failed. */
  readonly ran: boolean;
  readonly suites: readonly SuiteResult[];
}

/**
 * One sentence for each required name that no suite carries, and for each suite of such a name in which every
 * test was skipped. Single skipped tests inside a suite that ran are allowed.
 */
export function missingSuites(required: readonly string[], files: readonly SuiteResult[]): string[] {
  return required.flatMap((name) => {
    const found = suitesNamed(name, files);
    if (found.length === 0) return [`no suite named "${name}" ran`];
    return found.filter((suite) => !suite.ran).map((suite) => `"${suite.name}" was skipped`);
  });
}

/** The suites without those that carry one of the names, and without the files in which nothing else is. */
export function withoutSuites(names: readonly string[], suites: readonly SuiteResult[]): SuiteResult[] {
  return suites.flatMap((suite) => {
    if (names.some((name) => carries(suite, name))) return [];
    const left = withoutSuites(names, suite.suites);
    const isEmptied = left.length === 0 && suite.suites.length > 0 && !suite.ran;
    return isEmptied ? [] : [{ ...suite, suites: left }];
  });
}

/** The outermost suites of that name: a part that is skipped inside one that ran is that suite's own affair. */
function suitesNamed(name: string, suites: readonly SuiteResult[]): SuiteResult[] {
  return suites.flatMap((suite) => (carries(suite, name) ? [suite] : suitesNamed(name, suite.suites)));
}

function carries(suite: SuiteResult, name: string): boolean {
  return suite.name.toLowerCase().includes(name.toLowerCase());
}

/** Fails a full run in which a required suite did not run; a run of chosen files or tests is left alone. */
export class RequiredSuites implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const vitest = this.#vitest;
    if (vitest === undefined || !(await isFullRun(vitest, modules))) return;
    const results = modules.map(resultOf);
    const missing = isCi()
      ? missingSuites([...REQUIRED, ...REQUIRED_ON_CI], results)
      : missingSuites(REQUIRED, withoutSuites(REQUIRED_ON_CI, results));
    if (missing.length === 0) return;
    vitest.logger.error(`\nRequired suites did not run:\n${missing.map((line) => `  - ${line}\n`).join('')}`);
    process.exitCode = 1;
  }
}

/** CI services set CI. */
function isCi(): boolean {
  return !['', '0', 'false'].includes(process.env['CI'] ?? '');
}

async function isFullRun(vitest: Vitest, modules: readonly TestModule[]): Promise<boolean> {
  const { testNamePattern, tagsFilter } = vitest.config;
  if (vitest.config.watch || testNamePattern !== undefined || tagsFilter !== undefined) return false;
  const ran = new Set(modules.map((module) => module.moduleId));
  const all = await vitest.globTestSpecifications();
  return all.every((file) => ran.has(file.moduleId));
}

function resultOf(task: TestModule | TestSuite): SuiteResult {
  const states = [...task.children.allTests()].map((test) => test.result().state);
  return {
    name: task.type === 'module' ? task.relativeModuleId : task.name,
    ran: states.some((state) => state === 'passed' || state === 'failed'),
    suites: [...task.children.suites()].map(resultOf),
  };
}
