import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { ConfigError } from './config-error.js';
import { fileVariable, overrideFromEnvironment } from './environment.js';
import { checkConfig } from './parse.js';
import type { Config } from './schema.js';
import { readYaml } from './yaml-text.js';

/** Where a configuration comes from. */
export interface ConfigSource {
  /** Path of the file, relative to `cwd`; without it, the variable `BNET_SYNC_CONFIG`. */
  readonly file?: string | undefined;
  /** The environment, whose `BNET_SYNC_…` variables override the file. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder that the file's path starts from. */
  readonly cwd: string;
}

/**
 * Reads the configuration file, lays the environment over it and checks the whole. Relative paths
 * in it start from the file's folder.
 *
 * @throws ConfigError when there is no file, when it cannot be read, and with every fault in it
 */
export async function loadConfig({ file, env, cwd }: ConfigSource): Promise<Config> {
  const name = file ?? env[fileVariable] ?? '';
  if (name === '') {
    const message =
      `no configuration given: name a YAML or JSON file with --config FILE or in ${fileVariable}; ` +
      'config/default.yaml lists every setting';
    throw new ConfigError([{ path: '', message }]);
  }
  const path = resolve(cwd, name);
  const overridden = overrideFromEnvironment(readYaml(await readText(path), path), env);
  const checked = checkConfig(overridden.input, dirname(path), overridden.origins);
  const faults = [...overridden.faults, ...checked.faults];
  if (checked.config === undefined || faults.length > 0) throw new ConfigError(faults, path);
  return checked.config;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'this user may not read it',
      EISDIR: 'is a folder, not a file',
    };
    throw new ConfigError([{ path, message: `cannot read the configuration: ${reasons[code] ?? code}` }]);
  }
}
