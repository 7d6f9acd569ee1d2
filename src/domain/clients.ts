/** The databases behind Knex, by the packages of their drivers. */
export const knexClients = ['pg', 'better-sqlite3'] as const;
export type KnexClient = (typeof knexClients)[number];

/** All that `client` may name in the configuration. */
export const clients = ['oracledb', ...knexClients] as const;
export type Client = (typeof clients)[number];

/** The databases' own names, those of their folders in `sql/`. */
export type DatabaseKind = 'oracle' | 'postgresql' | 'sqlite';
