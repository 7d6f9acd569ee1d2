import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { ESLint } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as IFlattenedRuleSet;

/** Which rules a file of `src` breaks that has this text, by `npm run layers`. */
async function rulesBrokenBy(folder: string, file: string, text: string): Promise<readonly string[]> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  try {
    const options = { baseDir: folder, doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true };
    const { output } = await cruise(['src'], {
      ...options,
      validate: true,
      ruleSet: { forbidden: forbidden ?? [] },
    });
    return (output as ICruiseResult).summary.violations.map(({ rule }) => rule.name);
  } finally {
    await rm(path);
  }
}

describe('a driver', () => {
  const folder = temporaryFolder();
  beforeAll(() => symlink(join(root, 'node_modules'), join(folder(), 'node_modules')));

  it.each([
    ['operator', `import Sqlite from 'better-sqlite3';\nexport const database = new Sqlite('');\n`],
    ['app', `import type { Pool } from 'pg';\nexport type Planted = Pool;\n`],
    ['middle', `export const driver = await import('oracledb');\n`],
    ['worker', `import knex from 'knex';\nexport const database = knex({});\n`],
  ])('is not imported in src/%s', async (layer, text) => {
    const broken = await rulesBrokenBy(folder(), `src/${layer}/planted.ts`, text);
    expect(broken).toContain('drivers-in-adapters-only');
  });

  it('is imported in an adapter', async () => {
    const text = `import knex from 'knex';\nexport const database = knex({});\n`;
    expect(await rulesBrokenBy(folder(), 'src/database/planted.ts', text)).toEqual([]);
  });
});

describe('SQL', () => {
  const eslint = new ESLint({
    cwd: root,
    ruleFilter: ({ ruleId }) => ruleId === 'bnet-sync/sql-in-adapters',
    // The rule needs no types, and the files are none of the project's.
    overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
  });
  /** The lines of a text, in the place of a file of `src`, that the rule reports. */
  const reported = async (filePath: string, lines: readonly string[]): Promise<readonly string[]> => {
    const [result] = await eslint.lintText(lines.join('\n'), { filePath: join(root, filePath) });
    return (result?.messages ?? []).map(({ line, message }) => lines[line - 1] ?? message);
  };
  const planted = [
    `export const a = 'SELECT 1';`,
    'export const b = (table: string) => `UPDATE ${table} SET State = 1`;',
    'export const c = `\\n  WITH t AS (${a}) DELETE FROM t`;',
    `export const d = 'CREATE INDEX i ON t (c)';`,
    `export const e = (knex: { raw(sql: string): unknown }) => knex.raw('BEGIN');`,
    'export const f = (db: { execute(s: object): unknown }, sql: string) => db.execute({ sql, bindings: [] });',
  ];

  it('is found outside the adapters', async () => {
    expect(await reported('src/worker/planted.ts', planted)).toEqual(planted);
  });

  it('may stand in an adapter, and in the texts that doctor prints', async () => {
    expect(await reported('src/middle/knex/planted.ts', planted)).toEqual([]);
    expect(await reported('src/operator/doctor/planted.ts', planted)).toEqual(planted.slice(4));
  });

  it('is not what only looks like it', async () => {
    const others = [`export const a = 'Select a row';`, 'export const b = `the UPDATE privilege`;'];
    expect(await reported('src/worker/planted.ts', others)).toEqual([]);
  });
});
