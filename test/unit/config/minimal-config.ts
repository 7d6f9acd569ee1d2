import { ConfigError, type ConfigIssue } from '../../../src/config/config-error.js';
import { parseConfig } from '../../../src/config/parse.js';
import type { Config } from '../../../src/config/schema.js';

type Section = Record<string, unknown>;

/** A configuration with nothing but what has no default; each section can be added to. */
export function minimal(changes: Record<string, Section> = {}): Record<string, Section> {
  const { middle, store, ...others } = changes;
  return {
    middle: { client: 'pg', connection: 'postgres://middle.example.com/ismp', ...middle },
    store: { client: 'pg', connection: 'postgres://store.example.com/product', ...store },
    ...others,
  };
}

/** Checks a minimal configuration with changes. */
export function parsed(changes: Record<string, Section> = {}): Config {
  return parseConfig(minimal(changes), '/etc/bnet-sync');
}

/** The ConfigError that something ends in. */
export async function errorOf(action: () => unknown): Promise<ConfigError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('expected a ConfigError');
}

/** The faults of an object as a configuration. */
export async function faultsOf(input: unknown, baseDir = '/etc/bnet-sync'): Promise<readonly ConfigIssue[]> {
  return (await errorOf(() => parseConfig(input, baseDir))).issues;
}

/** The faults of a minimal configuration with changes, as path and message. */
export async function faultLines(changes: Record<string, Section>): Promise<string[]> {
  return (await faultsOf(minimal(changes))).map(({ path, message }) => `${path}: ${message}`);
}
