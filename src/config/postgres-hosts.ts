import { isPort, urlParameters, urlsByHost } from './postgres-url.js';
import { isRecord } from './unchecked.js';

/*
 * Several hosts of one PostgreSQL database: a primary and its standbys, of which the one that accepts writes is used. In a
 * URL they stand as libpq has them, in an object as `hosts: [{ host, port }]`. Everything else holds for each of them.
 */

/** One of the hosts, and what takes the place of the connection's own settings to lead there. */
export interface PostgresHost {
  /** The host with its port, as it is given. */
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A URL, or options of the driver. */
type Given = string | Readonly<Record<string, unknown>>;

interface HostIssue {
  readonly path: readonly string[];
  readonly message: string;
}

/** The parameter of libpq that says which of the hosts will do. */
const attribute = 'target_session_attrs';

/** Both databases are written to: of libpq's values only these two make sense, and to us they are the same. */
const writable = ['read-write', 'primary'];
/** Values of libpq that lead to a server which takes no changes, or may. */
const unwritable = ['any', 'read-only', 'standby', 'prefer-standby'];

/**
 * The hosts of a checked connection, in the order in which they are tried. Undefined where it is the driver's own way to
 * connect: one host, and no word about what it must accept.
 */
export function postgresHosts(connection: Given): readonly PostgresHost[] | undefined {
  const hosts = hostsOf(connection);
  const wanted = wantedOf(connection);
  return hosts.length > 1 || (typeof wanted === 'string' && writable.includes(wanted)) ? hosts : undefined;
}

function hostsOf(connection: Given): readonly PostgresHost[] {
  const url = urlOf(connection);
  if (url !== null)
    return urlsByHost(url).map(({ name, url: one }) => ({ name, settings: { connectionString: one } }));
  if (typeof connection === 'string') return [];
  const { hosts, host, port } = connection;
  const entries: readonly Readonly<Record<string, unknown>>[] = Array.isArray(hosts)
    ? hosts.filter(isRecord)
    : [{ host }];
  return entries.map((entry) => {
    const settings = { host: entry['host'], port: entry['port'] ?? port };
    return { name: nameOf(settings), settings };
  });
}

function urlOf(connection: Given): string | null {
  const url = typeof connection === 'string' ? connection : connection['connectionString'];
  return typeof url === 'string' ? url : null;
}

function wantedOf(connection: Given): unknown {
  const url = urlOf(connection);
  const inUrl = url === null ? null : urlParameters(url).get(attribute);
  return inUrl ?? (typeof connection === 'string' ? undefined : connection[attribute]);
}

function nameOf({ host, port }: { readonly host: unknown; readonly port: unknown }): string {
  const name = typeof host === 'string' ? host : 'the default host';
  const shown = name.includes(':') && !name.startsWith('/') ? `[${name}]` : name;
  return port === undefined || port === null ? shown : `${shown}:${String(port)}`;
}

/** What is wrong with how a connection names its hosts, apart from what is wrong with a URL itself. */
export function hostIssues(connection: Given): HostIssue[] {
  const isObject = typeof connection !== 'string';
  return [...(isObject ? listIssues(connection) : []), ...attributeIssues(connection)];
}

function listIssues({ hosts, host, connectionString }: Readonly<Record<string, unknown>>): HostIssue[] {
  const issue = (message: string, ...path: string[]): HostIssue[] => [{ path, message }];
  if (Array.isArray(host) || (typeof host === 'string' && host.includes(',') && !host.startsWith('/')))
    return issue('names several: give hosts: [{ host: a, port: 5432 }, { host: b }] instead', 'host');
  if (hosts === undefined) return [];
  const example = 'such as [{ host: a, port: 5432 }, { host: b }]';
  if (hosts !== null && !Array.isArray(hosts)) return issue(`must be a list, ${example}`, 'hosts');
  // Without a host the driver would try this machine.
  if (hosts === null || hosts.length === 0) return issue(`is empty: name at least one, ${example}`, 'hosts');
  const both = host !== undefined ? 'host' : connectionString !== undefined ? 'connectionString' : null;
  if (both !== null) return issue(`stands beside ${both}: give one of the two`, 'hosts');
  return hosts.flatMap((entry: unknown, index) => entryIssues(entry, index, hosts));
}

function entryIssues(entry: unknown, index: number, all: readonly unknown[]): HostIssue[] {
  const path = ['hosts', String(index)];
  if (!isRecord(entry)) return [{ path, message: 'must be { host: …, port: … }' }];
  const { host, port, ...others } = entry;
  const issues = Object.keys(others).map((name) => ({
    path: [...path, name],
    message: 'does not belong here: a host has host and port, and everything else holds for all of them',
  }));
  const issue = (name: string, message: string) => issues.push({ path: [...path, name], message });
  if (typeof host !== 'string' || !/^\S+$/.test(host))
    issue('host', 'must be the name or address of a server');
  else if (host.includes(',') && !host.startsWith('/')) issue('host', 'must be one name');
  if (port !== undefined && port !== null && !isPort(port)) issue('port', 'must be a number from 1 to 65535');
  const isSame = (other: unknown) => isRecord(other) && other['host'] === host && other['port'] === port;
  if (issues.length === 0 && all.findIndex(isSame) < index)
    issue('host', 'is named twice, with the same port');
  return issues;
}

function attributeIssues(connection: Given): HostIssue[] {
  const wanted = wantedOf(connection);
  if (wanted === undefined || wanted === null || writable.includes(wanted as string)) return [];
  // Today's meaning of one host without a word about it.
  if (wanted === 'any' && hostsOf(connection).length <= 1) return [];
  const url = urlOf(connection);
  const isInUrl = url !== null && urlParameters(url).has(attribute);
  // Under a path of its own the value is shown beside the message.
  const path = !isInUrl ? [attribute] : typeof connection === 'string' ? [] : ['connectionString'];
  const value = isInUrl ? `${attribute}=${String(wanted)} ` : '';
  const message = unwritable.includes(wanted as string)
    ? `${value}may lead to a server that takes no changes, and bnet-sync writes: leave it out, or give read-write`
    : `${value}is none of the values that bnet-sync knows: ${writable.join(', ')}`;
  return [{ path, message }];
}
