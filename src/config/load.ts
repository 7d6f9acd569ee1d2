import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { ConfigError, type ConfigIssue } from './config-error.js';
import { ignoredOption } from './connection.js';
import { fileVariable, overrideFromEnvironment } from './environment.js';
import { withoutLineEnds } from './line-ends.js';
import { checkConfig } from './parse.js';
import type { Config } from './schema.js';
import { readYaml } from './yaml-text.js';

/** Where a configuration comes from. */
export interface ConfigSource {
  /** Path of the file, relative to `cwd`; without it, the variable `BNET_SYNC_CONFIG`; without both, variables alone. */
  readonly file?: string | undefined;
  /** The environment, whose `BNET_SYNC_…` variables override the file. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder that the file's path starts from, and without a file all other paths. */
  readonly cwd: string;
  /** Called for what was left out of a value, and for options that a driver ignores, each with its path. Never shows a value. */
  readonly onNote?: (note: ConfigIssue) => void;
}

/**
 * Reads the configuration file, lays the environment over it and checks the whole. Relative paths
 * in it start from the file's folder. Without a file the variables alone are the configuration, where they name a
 * database.
 *
 * @throws ConfigError when there is neither, when the file cannot be read, and with every fault in it
 */
export async function loadConfig({ file, env, cwd, onNote }: ConfigSource): Promise<Config> {
  const name = file ?? env[fileVariable] ?? '';
  const path = name === '' ? null : resolve(cwd, name);
  const read = withoutLineEnds(path === null ? {} : readYaml(await readText(path), path));
  const overridden = overrideFromEnvironment(read.input, env);
  if (path === null && !namesDatabase(overridden.origins)) throw new ConfigError([nothingGiven]);
  const checked = checkConfig(overridden.input, path === null ? cwd : dirname(path), overridden.origins);
  const issues = [...overridden.issues, ...checked.issues];
  if (checked.config === undefined || issues.length > 0)
    throw new ConfigError(issues, path ?? 'the variables of the environment, without a file,');
  for (const note of [...read.notes, ...overridden.notes, ...ignoredOptions(checked.config)]) onNote?.(note);
  return checked.config;
}

/** Options of connections that a driver would ignore without a word. */
function ignoredOptions(config: Config): ConfigIssue[] {
  return (['middle', 'store'] as const).flatMap((end) => {
    const { client, connection } = config[end];
    const names = typeof connection === 'string' ? [] : Object.keys(connection);
    return names.flatMap((name) => {
      const message = ignoredOption(client, name);
      return message === null ? [] : [{ path: `${end}.connection.${name}`, message }];
    });
  });
}

const nothingGiven: ConfigIssue = {
  path: '',
  message:
    `no configuration given: name a YAML or JSON file with --config FILE or in ${fileVariable}, or give all in variables; ` +
    'config/default.yaml lists every setting',
};

/** Whether variables are meant to be the whole configuration: one that only sets the log's level is not. */
function namesDatabase(origins: ReadonlyMap<string, string>): boolean {
  return [...origins.keys()].some((path) => /^(middle|store)\./.test(path));
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
