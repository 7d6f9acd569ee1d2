import type { z } from 'zod';

import { ConfigError, type ConfigIssue } from './config-error.js';
import { isOneSqliteFile, resolvePaths } from './paths.js';
import { shownValue } from './redact.js';
import { configSchema, type Config } from './schema.js';
import { nearKey } from './settings.js';
import { valueAt } from './unchecked.js';

/** A usable configuration without faults, or everything that is wrong. */
export interface Checked {
  readonly config?: Config;
  readonly issues: readonly ConfigIssue[];
}

/**
 * Checks a configuration given as an object, fills in the defaults and makes its paths absolute.
 *
 * @param baseDir - folder that relative paths start from
 * @throws ConfigError with every fault there is
 */
export function parseConfig(input: unknown, baseDir: string): Config {
  const checked = checkConfig(input, baseDir, new Map());
  if (checked.config !== undefined) return checked.config;
  throw new ConfigError(checked.issues);
}

/**
 * Like `parseConfig`, with the faults as a value.
 *
 * @param origins - setting (dotted path) to the environment variable that set it, for the messages
 */
export function checkConfig(input: unknown, baseDir: string, origins: ReadonlyMap<string, string>): Checked {
  const parsed = configSchema.safeParse(input, { error: missingMessage });
  const issues = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => faultsOf(issue, input, origins));
  if (isOneSqliteFile(input, baseDir)) {
    const message =
      'is the file of the middle database too: they would lock each other out, name another file';
    issues.push({ path: 'store.connection', message });
  }
  if (parsed.success && issues.length === 0) return { config: resolvePaths(parsed.data, baseDir), issues };
  return { issues };
}

function missingMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input !== undefined) return undefined;
  return issue.code === 'invalid_value'
    ? `is missing: expected one of ${issue.values.join(', ')}`
    : 'is missing';
}

function faultsOf(
  issue: z.core.$ZodIssue,
  input: unknown,
  origins: ReadonlyMap<string, string>,
): ConfigIssue[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
  const notes = [shownValue(path, valueAt(input, issue.path)), originOf(path, origins)];
  const known = notes.filter((note) => note !== undefined);
  const suffix = known.length === 0 ? '' : ` (${known.join(', ')})`;
  return [{ path: path.join('.'), message: issue.message + suffix }];
}

/** The value is not shown: a misspelt key may hold a secret. */
function unknownKey(section: readonly string[], key: string): ConfigIssue {
  const near = nearKey(section, key);
  const hint = near === undefined ? '' : `, did you mean ${near}?`;
  return { path: [...section, key].join('.'), message: `unknown setting${hint}` };
}

/** Which variable set the value, or the whole that it is part of. */
function originOf(path: readonly string[], origins: ReadonlyMap<string, string>): string | undefined {
  const wholes = path.map((_key, index) => path.slice(0, path.length - index).join('.'));
  const variable = wholes.map((whole) => origins.get(whole)).find((name) => name !== undefined);
  return variable === undefined ? undefined : `from ${variable}`;
}
