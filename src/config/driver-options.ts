import { nearest } from './settings-names.js';

/*
 * The options that each driver takes in a `connection` object. Drivers ignore what they do not know, so that a mistyped
 * `prot` connects to another port. It is a warning, not a fault: the next version of a driver may know more.
 */

const ofPg = [
  ...['host', 'port', 'database', 'user', 'password', 'connectionString', 'ssl', 'sslnegotiation', 'options'],
  ...[
    'application_name',
    'fallback_application_name',
    'client_encoding',
    'statement_timeout',
    'query_timeout',
  ],
  ...['lock_timeout', 'idle_in_transaction_session_timeout', 'connectionTimeoutMillis', 'keepAlive'],
  ...[
    'keepAliveInitialDelayMillis',
    'enableChannelBinding',
    'scramMaxIterations',
    'stream',
    'types',
    'binary',
  ],
  ...['pipeline', 'replication', 'expirationChecker'],
];

const ofOracle = [
  ...['connectString', 'connectionString', 'user', 'username', 'password', 'newPassword', 'externalAuth'],
  ...['accessToken', 'accessTokenConfig', 'appContext', 'configDir', 'connectTimeout', 'connectionIdPrefix'],
  ...['driverName', 'edition', 'events', 'expireTime', 'httpsProxy', 'httpsProxyPort', 'machine', 'matchAny'],
  ...['networkCompression', 'networkCompressionThreshold', 'osUser', 'privilege', 'program', 'retryCount'],
  ...['retryDelay', 'sdu', 'shardingKey', 'sslAllowWeakDNMatch', 'sslServerCertDN', 'sslServerDNMatch'],
  ...['stmtCacheSize', 'superShardingKey', 'tag', 'terminal', 'transportConnectTimeout', 'useSNI'],
  ...['walletContent', 'walletLocation', 'walletPassword', 'debugJdwp', 'tokenAuthConfigOci'],
  ...['tokenAuthConfigAzure', 'sourceRoute', 'cclass'],
];

const ofSqlite = ['filename', 'options', 'expirationChecker'];

const optionsOf = { pg: ofPg, oracledb: ofOracle, 'better-sqlite3': ofSqlite };

/** The options of all drivers. */
export const driverOptions: readonly string[] = [...new Set(Object.values(optionsOf).flat())];

/** What to say of an option that the driver of a client ignores; null where it knows it. */
export function ignoredOption(client: keyof typeof optionsOf, name: string): string | null {
  const known = optionsOf[client];
  if (known.includes(name)) return null;
  const near = nearest(name, known);
  return `the driver ${client} knows no such option and ignores it${near === undefined ? '' : `, did you mean ${near}?`}`;
}
