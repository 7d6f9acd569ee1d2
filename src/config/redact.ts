import { urlsByHost } from './postgres-url.js';
import type { Config } from './schema.js';
import { isRecord } from './unchecked.js';

const mask = '***';
const secretKey = /password|secret|token|connectString/i;
/** A list of users that was given as something else may hold their hashes. */
const usersPath = 'http.users';
const connectionKey = /connection$/i;
/** Under a connection everything is secret (passphrases, keys, URLs) except these. */
const openInConnection =
  /^(host|port|user|username|database|filename|target_session_attrs|hosts\.\d+\.(host|port))$/;
const oneOfHosts = /^hosts\.\d+$/;

type Path = readonly PropertyKey[];

function isSecret(path: Path): boolean {
  const keys = path.map(String);
  if (keys.some((key) => secretKey.test(key)) || keys.join('.') === usersPath) return true;
  const inConnection = partOfConnection(path);
  return inConnection !== null && !openInConnection.test(inConnection);
}

/** What follows the connection in a path, joined by dots; null where none is in it. */
function partOfConnection(path: Path): string | null {
  const keys = path.map(String);
  const connection = keys.findIndex((key) => connectionKey.test(key));
  return connection === -1 ? null : keys.slice(connection + 1).join('.');
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
    const isOpened = connectionKey.test(String(path.at(-1))) || oneOfHosts.test(partOfConnection(path) ?? '');
    if (isSecret(path) && !isOpened) return mask;
    const shown = Object.entries(value).map(([key, member]) => [key, redacted([...path, key], member)]);
    return Object.fromEntries(shown) as Record<string, unknown>;
  }
  if (value === undefined || value === null) return value;
  if (isSecret(path)) return mask;
  return typeof value === 'string' ? withoutUrlPasswords(value) : value;
}

/**
 * Protocol, user, hosts and database of a connection URL. A password with characters that should
 * have been escaped moves the parts of a URL; then, as for anything that is no URL, all is masked.
 */
function urlTarget(text: string): string {
  const urls = urlsByHost(text).map(({ url }) => (URL.canParse(url) ? new URL(url) : null));
  const [first] = urls;
  const isMoved = (url: URL | null) =>
    url === null ||
    url.host === '' ||
    [url.pathname, url.search, url.hash].some((part) => part.includes('@'));
  if (first === undefined || first === null || urls.some(isMoved)) return mask;
  const { protocol, username, password, pathname } = first;
  const user = username === '' ? '' : `${username}${password === '' ? '' : `:${mask}`}@`;
  return `${protocol}//${user}${urls.map((url) => url?.host ?? '').join(',')}${pathname}`;
}
