import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guards, type Edit, type Guard } from './guards.js';

/*
 * Each guard of the protocol is switched off in a copy of the sources, and the test that names it must turn red. So no
 * guard can be lost unnoticed, and no test that should watch it has gone blind. `npm run test:guards`; some minutes.
 */

const project = fileURLToPath(new URL('../../', import.meta.url));
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'bnet-sync-guards-'));
  const parts = ['src', 'test', 'sql', 'config', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
  for (const part of parts) await cp(join(project, part), join(copy, part), { recursive: true });
  await symlink(join(project, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rm(copy, { recursive: true, force: true }));

/** The full names of the tests that failed; at least one must have run. */
async function failedTests({ file, name }: Guard['test']): Promise<string[]> {
  const report = join(copy, 'report.json');
  await execa('npx', ['vitest', 'run', file, '-t', name, '--reporter=json', `--outputFile=${report}`], {
    cwd: copy,
    reject: false,
    all: true,
  });
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
  const ran = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed' || status === 'passed');
  expect(ran, `tests of ${file} named "${name}"`).not.toEqual([]);
  return ran.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

async function withEdits<T>(edits: readonly Edit[], work: () => Promise<T>): Promise<T> {
  const originals = new Map<string, string>();
  try {
    for (const { file, find, put } of edits) {
      const path = join(copy, file);
      const text = await readFile(path, 'utf8');
      if (!originals.has(path)) originals.set(path, text);
      expect(text.split(find), `${find} stands once in ${file}`).toHaveLength(2);
      await writeFile(
        path,
        text.replace(find, () => put),
      );
    }
    return await work();
  } finally {
    for (const [path, text] of originals) await writeFile(path, text);
  }
}

describe('a test turns red without', () => {
  it.each(guards)('$name', async ({ edits, test }) => {
    expect(await failedTests(test), 'green with the guard').toEqual([]);
    const failed = await withEdits(edits, () => failedTests(test));
    expect(failed.join('\n'), 'red without it').toContain(test.name);
  });
});
