import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const root = new URL('../../', import.meta.url).pathname;

/**
 * Lays the package, as npm packs what is built, into `node_modules` of a folder, beside links to the packages of this
 * project. Of those some can be left out, as where an optional one could not be compiled.
 */
export async function layPackage(folder: string, leftOut: readonly string[] = []): Promise<void> {
  const packages = join(folder, 'node_modules');
  const own = join(packages, 'bnet-sync');
  await mkdir(own, { recursive: true });
  const packed = await execa('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
  });
  const [{ filename } = { filename: '' }] = JSON.parse(packed.stdout) as { filename: string }[];
  await execa('tar', ['-xzf', join(folder, filename), '-C', own, '--strip-components', '1']);
  for (const name of await readdir(join(root, 'node_modules')))
    if (!name.startsWith('.') && !leftOut.includes(name))
      await symlink(join(root, 'node_modules', name), join(packages, name));
}
