import { pathToFileURL } from 'node:url';
import { ConfigError } from '../config/config-error.js';
import { withTimeout } from '../timeout.js';
import { errorText } from '../worker/errors.js';
import type { Handlers } from '../worker/handlers.js';
import { handlerLimitMs } from '../worker/settings.js';

const names = ['onCustomer', 'onAccount'] as const;

/** How long a module of handlers may take to load: three times as long as a handler. */
export function loadLimitMs(worker: Parameters<typeof handlerLimitMs>[0]): number {
  return 3 * handlerLimitMs(worker);
}

/**
 * Loads the module that `store.handlers` names: it exports `onCustomer`, `onAccount` or both. ConfigError where it
 * cannot be loaded, not within `limitMs`, or exports neither, or something else under one of the names.
 */
export async function loadHandlers(path: string | undefined, limitMs: number): Promise<Handlers> {
  if (path === undefined) return {};
  const loaded = await importModule(path, limitMs);
  const found = names.filter((name) => loaded[name] !== undefined);
  const wrong = found.filter((name) => typeof loaded[name] !== 'function');
  if (found.length === 0) throw fault(`${path} exports neither ${names.join(' nor ')}`);
  if (wrong.length > 0) throw fault(`${path} exports ${wrong.join(' and ')}, but not as a function`);
  return Object.fromEntries(found.map((name) => [name, loaded[name]]));
}

async function importModule(path: string, limitMs: number): Promise<Readonly<Record<string, unknown>>> {
  const loading = import(pathToFileURL(path).href) as Promise<Record<string, unknown>>;
  try {
    return await withTimeout(loading, limitMs, (reject) => {
      reject(fault(`${path} is not loaded within ${limitMs} ms: something that it awaits does not end`));
    });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw fault(`${path} cannot be loaded: ${errorText(error)}`);
  }
}

function fault(message: string): ConfigError {
  return new ConfigError([{ path: 'store.handlers', message }]);
}
