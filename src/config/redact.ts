import type { Config } from './schema.js';
import { isRecord } from './unchecked.js';

const mask = '***';
const secretKey = /password|secret|token|connectString/i;
/** A list of users that was given as something else may hold their hashes. */
const usersPath = 'http.users';
const connectionKey = /connection$/i;
/** Under a connection everything is secret (passphrases, keys, URLs) except these. */
const openConnectionKeys = new Set(['host', 'port', 'user', 'username', 'database', 'filename']);

type Path = readonly PropertyKey[];

function isSecret(path: Path): boolean {
  const keys = path.map(String);
  if (keys.some((key) => secretKey.test(key)) || keys.join('.') === usersPath) return true;
  const connection = keys.findIndex((key) => connectionKey.test(key));
  if (connection === -1) return false;
  return !(keys.length === connection + 2 && openConnectionKeys.has(keys.at(-1) ?? ''));
}

/** Hides the passwords of URLs in a text. */
function withoutUrlPasswords(text: string): string {
  return text.replaceAll(/(:\/\/[^\s/:]*):.*@/gs, `$1:${mask}@`);
}

/**
 * A setting's value as a fault may show it: scalars only, shortened, secrets masked. Undefined when
 * there is nothing worth showing, such as a large number that was rounded already.
 */
export function shownValue(path: Path, value: unknown): string | undefined {
  if (!isScalar(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return undefined;
  if (isSecret(path)) return mask;
  const text = typeof value === 'string' ? JSON.stringify(withoutUrlPasswords(value)) : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function isScalar(value: unknown): value is string | number | boolean | bigint | null {
  return value === null || ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

/** The configuration as it may be logged: secrets masked, and of connection URLs only where they lead. */
export function redactConfig(config: Config): Record<string, unknown> {
  const shown = Object.entries(config).map(([key, value]) => [key, redacted([key], value)]);
  return {
    ...(Object.fromEntries(shown) as Record<string, unknown>),
    middle: redactedEnd('middle', config.middle),
    store: redactedEnd('store', config.store),
  };
}

function redactedEnd(name: string, end: Config['middle'] | Config['store']): unknown {
  const shown = redacted([name], end);
  if (typeof end.connection !== 'string' || !isRecord(shown)) return shown;
  const connection = end.client === 'better-sqlite3' ? end.connection : urlTarget(end.connection);
  return { ...shown, connection };
}

function redacted(path: Path, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item, index) => redacted([...path, index], item));
  if (isRecord(value)) {
    const hidden = isSecret(path) && !connectionKey.test(String(path.at(-1)));
    if (hidden) return mask;
    const shown = Object.entries(value).map(([key, member]) => [key, redacted([...path, key], member)]);
    return Object.fromEntries(shown) as Record<string, unknown>;
  }
  if (value === undefined || value === null) return value;
  if (isSecret(path)) return mask;
  return typeof value === 'string' ? withoutUrlPasswords(value) : value;
}

/**
 * Protocol, user, host and database of a connection URL. A password with characters that should
 * have been escaped moves the parts of a URL; then, as for anything that is no URL, all is masked.
 */
function urlTarget(text: string): string {
  if (!URL.canParse(text)) return mask;
  const { protocol, username, password, host, pathname, search, hash } = new URL(text);
  if (host === '' || [pathname, search, hash].some((part) => part.includes('@'))) return mask;
  const user = username === '' ? '' : `${username}${password === '' ? '' : `:${mask}`}@`;
  return `${protocol}//${user}${host}${pathname}`;
}
