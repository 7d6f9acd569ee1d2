import { pathToFileURL } from 'node:url';
import { ConfigError } from './config/config-error.js';
import type { Handlers } from './worker/handlers.js';

const names = ['onCustomer', 'onAccount'] as const;

/**
 * Loads the module that `store.handlers` names: it exports `onCustomer`, `onAccount` or both. ConfigError where it
 * cannot be loaded, or exports neither, or something else under one of the names.
 */
export async function loadHandlers(path: string | undefined): Promise<Handlers> {
  if (path === undefined) return {};
  const loaded = await importModule(path);
  const found = names.filter((name) => loaded[name] !== undefined);
  const wrong = found.filter((name) => typeof loaded[name] !== 'function');
  if (found.length === 0) throw fault(`${path} exports neither ${names.join(' nor ')}`);
  if (wrong.length > 0) throw fault(`${path} exports ${wrong.join(' and ')}, but not as a function`);
  return Object.fromEntries(found.map((name) => [name, loaded[name]]));
}

async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    throw fault(`${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function fault(message: string): ConfigError {
  return new ConfigError([{ path: 'store.handlers', message }]);
}
