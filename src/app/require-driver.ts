import { createRequire } from 'node:module';
import { ConfigError } from '../config/config-error.js';
import type { Client } from '../domain/clients.js';

const require = createRequire(import.meta.url);

/**
 * Loads a driver. Where it is not installed, or was built for another Node.js, that is a ConfigError, with the command to
 * run.
 * @param setting - what needs it: the setting, or a command
 */
export function requireDriver(driver: Client, setting: string): void {
  try {
    const loaded: unknown = require(driver);
    // Its native part is loaded with the first database.
    if (driver === 'better-sqlite3')
      new (loaded as new (file: string) => { close(): void })(':memory:').close();
  } catch (error) {
    throw new ConfigError([{ path: setting, message: explained(driver, error) }]);
  }
}

function explained(driver: Client, error: unknown): string {
  const [words = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  if (words.startsWith(`Cannot find module '${driver}'`))
    return `${driver} is not installed; "npm install ${driver}" installs it`;
  return `${driver} cannot be loaded by Node.js ${process.version}; "npm rebuild ${driver}" builds it anew (${words})`;
}
