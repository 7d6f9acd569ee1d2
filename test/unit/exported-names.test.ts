import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const exported = /^export (?:abstract |async )?(?:const|interface|class|type|function) (\w+)/gm;

/** The adapters of one port have the same names in files of the same name. */
const pairOf = (path: string): string => path.replace(/^src\/middle\/(knex|oracle)\//, 'src/middle/*/');

/** Exported names by the files that declare them; commands, which all export `configure`, are left out. */
function filesByName(): ReadonlyMap<string, ReadonlySet<string>> {
  const files = new Map<string, Set<string>>();
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || basename(entry.parentPath) === 'commands') continue;
    const path = join(entry.parentPath, entry.name).slice(root.length);
    for (const [, name = ''] of readFileSync(join(root, path), 'utf8').matchAll(exported))
      files.set(name, (files.get(name) ?? new Set()).add(pairOf(path)));
  }
  return files;
}

it('a name is exported by one file, pairs of adapters apart', () => {
  const files = filesByName();
  expect(files.size).toBeGreaterThan(500);
  const twice = [...files].filter(([, paths]) => paths.size > 1).map(([name, paths]) => [name, ...paths]);
  expect(twice).toEqual([]);
});
