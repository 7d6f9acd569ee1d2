import { clients, type Client } from '../domain/clients.js';
import { hostIssues } from './postgres-hosts.js';
import { postgresUrlIssue } from './postgres-url.js';
import { nearest } from './settings-names.js';
import { isRecord } from './unchecked.js';

/** What a database driver takes: a string, or an object of its own options. */
export type Connection = string | Record<string, unknown>;

/**
 * Options of the drivers whose values this project knows. They settle how a value given as bare text is read: `text` keeps every
 * character (a password `007` stays `007`), `scalar` may become a number or a boolean.
 */
export const connectionKeys: Readonly<Record<string, 'text' | 'scalar'>> = {
  filename: 'text',
  connectString: 'text',
  connectionString: 'text',
  host: 'text',
  port: 'scalar',
  hosts: 'scalar',
  target_session_attrs: 'text',
  database: 'text',
  user: 'text',
  username: 'text',
  password: 'text',
  walletLocation: 'text',
  walletPassword: 'text',
  application_name: 'text',
  ssl: 'scalar',
  rejectUnauthorized: 'scalar',
  externalAuth: 'scalar',
  keepAlive: 'scalar',
  statement_timeout: 'scalar',
  query_timeout: 'scalar',
  lock_timeout: 'scalar',
  idle_in_transaction_session_timeout: 'scalar',
  connectionTimeoutMillis: 'scalar',
};

/** A fault of a connection, its path relative to the `connection` setting. */
export interface ConnectionIssue {
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * What is wrong with a connection for this client. Only what would fail late or silently is
 * checked; everything else is the driver's to judge. A connection of the wrong type has no fault
 * here, because the schema reports it.
 */
export function connectionIssues(client: unknown, connection: unknown): ConnectionIssue[] {
  if (typeof connection !== 'string' && !isRecord(connection)) return [];
  const known = clients.find((each) => each === client);
  return known === undefined ? [] : drivers[known].faults(connection);
}

const onlyInUrls = new Set(['sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'uselibpqcompat']);

function postgresFaults(connection: Connection): ConnectionIssue[] {
  if (typeof connection === 'string') return [...urlFaults(connection, []), ...hostIssues(connection)];
  // The driver ignores them, and would connect without TLS, or without looking at the certificate.
  const message = 'is only read from a URL: give ssl: true, or ssl: { ca: …, rejectUnauthorized: … }';
  const tls = Object.keys(connection)
    .filter((name) => onlyInUrls.has(name.toLowerCase()))
    .map((name) => ({ path: [name], message }));
  return [
    ...tls,
    ...urlFaults(connection['connectionString'], ['connectionString']),
    ...hostIssues(connection),
  ];
}

function urlFaults(url: unknown, path: readonly string[]): ConnectionIssue[] {
  const message = typeof url === 'string' ? postgresUrlIssue(url) : null;
  return message === null ? [] : [{ path, message }];
}

function oracleFaults(connection: Connection): ConnectionIssue[] {
  if (typeof connection === 'string') {
    // That it is blank, the schema reports.
    if (/^([^/@]+\/.+@[^@]+)?$/s.test(connection.trim())) return [];
    const message =
      'as a text it must read user/password@connect-string; otherwise give connectString, user and password apart';
    return [{ path: [], message }];
  }
  const { connectString, user, externalAuth } = connection;
  const issues = strangeHosts(connection, 'Oracle has all its addresses in connectString: leave it out');
  const issue = (name: string, message: string) => issues.push({ path: [name], message });
  if (!isFilled(connectString)) {
    issue('connectString', 'Oracle needs a connect string, such as "host:1521/service"');
  } else if (/^[^/@:?(]+\/.+@/s.test(connectString)) {
    // The driver would take it for a host, and show it.
    issue('connectString', 'must not hold user and password: give them beside it, as user and password');
  }
  if (externalAuth !== true && !isFilled(user))
    issue('user', 'Oracle needs a user, or externalAuth: true with credentials in a wallet');
  return issues;
}

function sqliteFaults(connection: Connection): ConnectionIssue[] {
  const path = typeof connection === 'string' ? [] : ['filename'];
  const filename = sqliteFilename(connection);
  const strange = strangeHosts(connection, 'SQLite is a file without hosts: leave it out');
  if (strange.length > 0) return strange;
  const issue = (message: string): ConnectionIssue[] => [{ path, message }];
  if (filename === undefined) return issue('SQLite needs the name of a file');
  if (filename.toLowerCase() === ':memory:') {
    return issue('a database in memory is seen by one connection only: name a file');
  }
  if (/^(file:|[a-z][a-z0-9+.-]*:\/\/)/i.test(filename)) {
    return issue('SQLite takes the plain name of a file, not a URL');
  }
  return [];
}

/** Other databases than PostgreSQL know no `hosts`, and would ignore them. */
function strangeHosts(connection: Connection, message: string): ConnectionIssue[] {
  const isGiven = typeof connection !== 'string' && connection['hosts'] !== undefined;
  return isGiven ? [{ path: ['hosts'], message }] : [];
}

/** The file that a SQLite connection names (the driver ignores blanks around it), or undefined. */
export function sqliteFilename(connection: unknown): string | undefined {
  const filename = isRecord(connection) ? connection['filename'] : connection;
  return isFilled(filename) ? filename.trim() : undefined;
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

/*
 * The options that each driver takes in a `connection` object. Drivers ignore what they do not know, so that a mistyped
 * `prot` connects to another port. It is a warning, not a fault: the next version of a driver may know more.
 */

const pgOptions = `
  host port hosts target_session_attrs database user password connectionString ssl sslnegotiation options application_name
  fallback_application_name client_encoding statement_timeout query_timeout lock_timeout
  idle_in_transaction_session_timeout connectionTimeoutMillis keepAlive keepAliveInitialDelayMillis
  enableChannelBinding scramMaxIterations stream types binary pipeline replication expirationChecker`;

const oracleOptions = `
  connectString connectionString user username password newPassword externalAuth accessToken
  accessTokenConfig appContext configDir connectTimeout connectionIdPrefix driverName edition events
  expireTime httpsProxy httpsProxyPort machine matchAny networkCompression networkCompressionThreshold
  osUser privilege program retryCount retryDelay sdu shardingKey sslAllowWeakDNMatch sslServerCertDN
  sslServerDNMatch stmtCacheSize superShardingKey tag terminal transportConnectTimeout useSNI walletContent
  walletLocation walletPassword debugJdwp tokenAuthConfigOci tokenAuthConfigAzure sourceRoute cclass`;

/** What is known of each driver. */
const drivers = {
  oracledb: { faults: oracleFaults, options: words(oracleOptions) },
  pg: { faults: postgresFaults, options: words(pgOptions) },
  'better-sqlite3': { faults: sqliteFaults, options: words('filename options expirationChecker') },
} satisfies Record<Client, unknown>;

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** The options of all drivers. */
export const driverOptions: readonly string[] = Object.values(drivers).flatMap(({ options }) => options);

/** What to say of an option that the driver of a client ignores; null where it knows it. */
export function ignoredOption(client: Client, name: string): string | null {
  const known = drivers[client].options;
  if (known.includes(name)) return null;
  const near = nearest(name, known);
  return `the driver ${client} knows no such option and ignores it${near === undefined ? '' : `, did you mean ${near}?`}`;
}
