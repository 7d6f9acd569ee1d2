import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bnetSync } from './command.js';

/** Runs a command; returns the packages of which it loaded a file. V8 lists those files in its coverage. */
export async function packagesLoadedBy(...args: readonly string[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-coverage-'));
  try {
    await bnetSync(args, { NODE_V8_COVERAGE: folder });
    const [file] = await readdir(folder);
    if (file === undefined) throw new Error('V8 has written no coverage');
    const { result } = JSON.parse(await readFile(join(folder, file), 'utf8')) as {
      result: readonly { readonly url: string }[];
    };
    return [...new Set(result.flatMap(({ url }) => packageOf(url) ?? []))].sort();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function packageOf(url: string): string | undefined {
  return /.*[/]node_modules[/]((?:@[^/]+[/])?[^/]+)/.exec(url)?.[1];
}
