import { isIP } from 'node:net';
import { z } from 'zod';

import { clients, knexClients } from '../domain/clients.js';
import type { Rules } from '../domain/rules.js';
import { connectionIssues } from './connection.js';
import { isRecord } from './unchecked.js';

/** Timers fire at once beyond this many milliseconds (a signed 32-bit number). */
const longestTimerMs = 2_147_483_647;

const filledText = z.string().regex(/\S/, 'must not be empty');

/** A schema of PostgreSQL, its name as the catalogue has it. */
const schemaName = z
  .string()
  .regex(
    /^[\p{L}_][\p{L}\p{N}_$]*$/u,
    'must be the name of a schema as the database keeps it: letters, digits, _ and $, without quotes',
  )
  .refine((name) => Buffer.byteLength(name) <= 63, 'must be at most 63 bytes: PostgreSQL cuts longer names')
  .refine((name) => !/^pg_|^information_schema$/i.test(name), "must not be one of the server's own schemas");

/** A number of up to 30 digits as text: a YAML or JSON number of that size would be rounded. */
const digits = z
  .string({
    error: ({ input }) =>
      typeof input === 'number' || typeof input === 'bigint'
        ? 'expected a string, received a number: put it in quotes, large numbers would be rounded'
        : undefined,
  })
  .regex(/^\d{1,30}$/, 'must be 1 to 30 digits');

const connection = z.union([filledText, z.record(z.string(), z.unknown())], {
  error: ({ input }) => (input === undefined ? undefined : 'expected a string or an object'),
});

/** Cross-field rules run whenever there is an object to look at, so that one run shows every fault. */
const whenObject = { when: (payload: { value: unknown }): boolean => isRecord(payload.value) };

function checkConnection(end: { client: string; connection: unknown }, ctx: z.core.$RefinementCtx): void {
  for (const { path, message } of connectionIssues(end.client, end.connection)) {
    ctx.addIssue({ code: 'custom', path: ['connection', ...path], message });
  }
}

const oracleSchema = z
  .strictObject({
    /**
     * Use the driver's Thick mode, for what Thin mode cannot do (native network encryption, passwords in their 10G form).
     * Default: absent, Thin mode. Set by who runs the Oracle client, 19 or later.
     */
    thick: z
      .strictObject({
        /** Folder of the Oracle Instant Client libraries, relative to the configuration file. Default: absent, the system's search path. */
        libDir: filledText.optional(),
      })
      .optional(),
    /** Folder of the wallet (`ewallet.pem`) for TLS, relative to the configuration file; not in Thick mode. Default: absent. Set where the DBA asks for it. */
    walletLocation: filledText.optional(),
    /** Password of the wallet; give it by environment variable. Not in Thick mode. Default: absent. */
    walletPassword: z.string().optional(),
  })
  .superRefine((settings, ctx) => {
    for (const name of ['walletLocation', 'walletPassword'] as const) {
      if (settings.thick === undefined || settings[name] === undefined) continue;
      const message = "has no effect in Thick mode: name the wallet in the Oracle client's sqlnet.ora";
      ctx.addIssue({ code: 'custom', path: [name], message });
    }
  }, whenObject);

const middleSchema = z
  .strictObject({
    /** Driver of the middle database. No default: set it when installing. `better-sqlite3` is for trials and tests. */
    client: z.enum(clients),
    /**
     * What the driver takes: a string (Oracle: `user/password@connect-string`; PostgreSQL: a URL;
     * SQLite: a file), or an object (`connectString`, `user`, `password` for Oracle; `filename`,
     * relative to the configuration file, for SQLite). Several hosts of PostgreSQL stand in the URL
     * (`postgres://user@a:5432,b:5432/ismp`) or in `hosts`, a list of `{ host, port }`: the one that accepts writes is used.
     * No default.
     */
    connection,
    /** Schema (owner) of the interface tables. Default: absent, the connected user's own. Set when they belong to another user. */
    schema: filledText.optional(),
    /**
     * Products this worker serves, ids as strings of digits. Default: empty, all products. With
     * ids, rows of other products are never touched. Set where products share the tables.
     */
    productIds: z.array(digits).default([]),
    /**
     * Whether the rows of the attribute tables follow their row's State. Default: true. Set to
     * false where the worker has no UPDATE privilege on them.
     */
    markAttributes: z.boolean().default(true),
    /**
     * Whether others finish rows of our products as well: another program, or people who mark rows by hand. Default: false.
     * Set to true as long as that is so: finished rows that the journal does not know are then no sign that the product
     * store has lost something, only a warning.
     */
    othersFinishRows: z.boolean().default(false),
    /** Settings of the Oracle driver; only with client `oracledb`. Default: absent. */
    oracle: oracleSchema.optional(),
  })
  .superRefine(checkConnection, whenObject)
  .refine(({ client, oracle }) => oracle === undefined || !knexClients.some((each) => each === client), {
    ...whenObject,
    path: ['oracle'],
    error: 'is only for the client oracledb',
  });

const storeSchema = z
  .strictObject({
    /** Driver of the product store. No default: set it when installing. */
    client: z.enum(knexClients),
    /**
     * What the driver takes: a string, or an object (`filename`, relative to the configuration file, for SQLite). Several
     * hosts of PostgreSQL as in the middle database. No default.
     */
    connection,
    /**
     * PostgreSQL: the schema of the product store's tables; it must exist. Default: absent, the first schema of the
     * search_path. Set where they have a schema of their own, or one database holds several stores.
     */
    schema: schemaName.optional(),
    /**
     * Path of a module with the product's own handlers, relative to the configuration file.
     * Default: absent, no handlers. Set by the product's developers.
     */
    handlers: filledText.optional(),
  })
  .superRefine(checkConnection, whenObject);

const workerSchema = z
  .strictObject({
    /** Most rows decided and applied in one batch, 1 to 5000. Default 1000. Lower it where transactions must stay short. */
    batchSize: z.int().min(1).max(5000).default(1000),
    /** Batches in flight at once, 1 to 16. Default 1. Raise it where the store has cores to spare, or handlers wait for others. */
    concurrency: z.int().min(1).max(16).default(1),
    /** Shortest pause between two polls that found too little, in ms, 10 to 3600000. Default 500. Raise it to spare the databases. */
    pollIntervalMs: z.int().min(10).max(3_600_000).default(500),
    /**
     * Longest pause between polls when there is nothing to do, in ms, not below `pollIntervalMs`.
     * Default 5000. Lower it for quicker reaction, raise it to spare an idle database.
     */
    idlePollMaxMs: z.int().max(longestTimerMs).default(5000),
    /**
     * How long a row is left alone from the worker's first sight of it, in ms (in a backlog from its CreateDate, and
     * never before its CreateDate): rows of slow transactions appear late, with keys older than those already seen.
     * Default 2000; 0 takes rows at once. Raise it where the platform's transactions are long.
     */
    settleMs: z.int().min(0).max(longestTimerMs).default(2000),
    /**
     * How long a row waits for an open (or bind) that has not been seen yet, in ms from the worker's first sight of
     * the row or from its CreateDate, whichever is later, before it is refused with 00402. Default 10000; 0 refuses at
     * once. Raise it where the platform writes a customer's rows far apart.
     */
    dependencyGraceMs: z.int().min(0).max(longestTimerMs).default(10_000),
    /**
     * Life of a lease in ms, 1000 to 3600000: a crashed worker's customers are taken over after
     * it. Default 15000. Shorter heals sooner and bears shorter pauses of the databases.
     */
    leaseTtlMs: z.int().min(1000).max(3_600_000).default(15_000),
    /**
     * Parts the customers are divided into, 1 to 4096; the same for all workers of a store.
     * Default 64. Fixed in the store at its first migration: choose more before that for more than a dozen workers.
     */
    shards: z.int().min(1).max(4096).default(64),
    /**
     * Tries of a row that kills its process or keeps failing alone, 1 to 100; then it ends in
     * State 3 with 00205. Default 3. Raise it where processes die for reasons of their own.
     */
    maxAttempts: z.int().min(1).max(100).default(3),
    /**
     * Rows in succession with an unexpected error before the worker stops claiming, 1 to 1000.
     * Default 5. Raise it only for handlers known to fail for single rows.
     */
    breakerThreshold: z.int().min(1).max(1000).default(5),
    /**
     * Most attribute rows of one row, 1 to 100000. Default 10000. A row with more ends in State 3 with 00403, and its
     * attribute rows stay as they are. Raise it where the platform really sends as many.
     */
    maxAttributes: z.int().min(1).max(100_000).default(10_000),
    /** Time for rows in flight after the first stop signal, in ms; then exit 1. Default 15000. Keep it below the service manager's. */
    drainTimeoutMs: z.int().min(0).max(longestTimerMs).default(15_000),
    /** Deadline of a call to a database server in ms, 100 to 600000; past it the connection is thrown away. Default 10000. Raise it for slow databases. */
    callTimeoutMs: z.int().min(100).max(600_000).default(10_000),
    /**
     * How long a handler may take for one row, in ms, 100 to 600000; at most 0.9 of `callTimeoutMs` and half of `leaseTtlMs`.
     * Default 10000. Past it the call counts as an error of the row; a handler that blocks the thread so long ends the process. Raise it, with
     * the other two, for handlers that take long; lower it where they are known to be quick.
     */
    handlerTimeoutMs: z.int().min(100).max(600_000).default(10_000),
  })
  .superRefine(({ pollIntervalMs, idlePollMaxMs }, ctx) => {
    if (typeof pollIntervalMs !== 'number' || typeof idlePollMaxMs !== 'number') return;
    if (idlePollMaxMs >= pollIntervalMs) return;
    const message = `must be at least ${String(pollIntervalMs)}, as worker.pollIntervalMs is`;
    ctx.addIssue({ code: 'custom', path: ['idlePollMaxMs'], message });
  }, whenObject);

const spanUnitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time span as people write it, `30m`, `6h` or `1d`, or in milliseconds like the other times here; read as milliseconds. */
function timeSpan(least: string, most: string) {
  const msOf = (text: string): number => {
    const [, count, unit = ''] = /^(\d{1,9})([mhd])$/.exec(text.trim()) ?? [];
    return Number(count) * (spanUnitsMs[unit] ?? NaN);
  };
  return z
    .union([z.string(), z.int()], {
      error: 'must be a time span such as 30m, 6h or 1d, or a number of milliseconds',
    })
    .transform((given, ctx): number => {
      const ms = typeof given === 'number' ? given : msOf(given);
      if (ms >= msOf(least) && ms <= msOf(most)) return ms;
      ctx.addIssue(
        Number.isNaN(ms)
          ? 'must be a time span such as 30m, 6h or 1d, or a number of milliseconds'
          : `must be ${least} to ${most} (${msOf(least)} to ${msOf(most)} ms)`,
      );
      return z.NEVER;
    });
}

const verifySchema = z.strictObject({
  /**
   * How often one of the workers runs `verify` beside the rows, 5m to 366d: a time span such as `6h`, or milliseconds.
   * Default: absent, never. It needs the package better-sqlite3. Set it where a difference should be noticed without
   * anybody typing the command.
   */
  every: timeSpan('5m', '366d').optional(),
  /**
   * How far back the journal reaches, 1d to 36500d, such as `365d`: records without a history that have not changed since are not
   * compared by these runs. Default: absent, the journal was never purged. Set it where `journal purge` runs.
   */
  journalSince: timeSpan('1d', '36500d').optional(),
});

const rulesSchema = z.strictObject({
  /** An open (0101) of an active product: refuse it with 00404, or treat it as a change. Default refuse. */
  onDuplicateOpen: z.enum(['refuse', 'update']).default('refuse'),
  /** A bind (0201) of a bound user: refuse it with 00404, or treat it as a change. Default refuse. */
  onDuplicateBind: z.enum(['refuse', 'update']).default('refuse'),
  /** A cancel (0103) while users are bound: refuse it with 00405, or unbind them. Default refuse. */
  onCancelWithUsers: z.enum(['refuse', 'unbind']).default('refuse'),
  /** Attributes of a change: replace the values of the given AttrSpecIDs (merge), or the whole set (replace). Default merge. */
  attributes: z.enum(['merge', 'replace']).default('merge'),
  /** AttrSpecID (digits, as a string) of the customer attribute that limits the bound users. Default null, no limit. */
  userLimitAttrSpecId: digits.nullable().default(null),
}) satisfies z.ZodType<Rules>;

const logSchema = z.strictObject({
  /** Least severe level that is logged. Default info. */
  level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Lines for people (true) or JSON (false). Default: absent, for people when stdout is a terminal. */
  pretty: z.boolean().optional(),
});

/** As `bnet-sync hash-password` prints it. */
const passwordHash = z
  .string()
  .regex(
    /^\$scrypt\$ln=(1[4-9]|20),r=([1-9]|[12]\d|3[0-2]),p=([1-9]|1[0-6])\$[\w+/-]{22,86}\$[\w+/-]{43,86}$/,
    'is no hash: "bnet-sync hash-password" prints one',
  );

const userSchema = z.strictObject({
  /** The login name; stands in the audit. 1 to 64 characters without a colon or control characters. */
  name: z
    .string()
    .regex(/^[^:\p{Cc}]{1,64}$/u, 'must be 1 to 64 characters, none of them a colon or a control character')
    .regex(/\S/, 'must not be empty'),
  /** The password's hash, as `bnet-sync hash-password` prints it. Never logged. */
  passwordHash,
  /** `reader` sees everything; `operator` also puts rows back, pauses and resumes. */
  role: z.enum(['reader', 'operator']),
});

/** An address or a network, as the server's own reader takes it. */
const network = z.string().refine((text) => {
  const [address = '', prefix, ...more] = text.split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0 || more.length > 0) return false;
  const most = family === 4 ? 32 : 128;
  return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= most);
}, 'must be an IP address or a network such as 10.0.0.0/8');

const httpSchema = z
  .strictObject({
    /** Address to listen on. Default 127.0.0.1. Set it where probes and metrics come from other machines; others than loopback need `users`. */
    host: filledText.default('127.0.0.1'),
    /** Port to listen on, 0 to 65535 (0: any free one). No default. */
    port: z.int().min(0).max(65_535),
    /**
     * Port for `/healthz`, `/readyz` and `/metrics` alone, on the same `host`, 0 to 65535 (0: any free one). Default: absent,
     * they are on `port`. Set it where people reach `port` and machines must not depend on it, or must not reach it.
     */
    probePort: z.int().min(0).max(65_535).optional(),
    /**
     * Who may log in to console and API. Default: empty; then everyone who can reach the loopback address may read, nothing
     * can be changed, and other addresses are refused.
     */
    users: z.array(userSchema).default([]),
    /**
     * Host names that requests may be sent to, besides `host`, localhost and the address a connection came in on.
     * Default: empty. Set it to the names under which browsers or Prometheus reach the server.
     */
    allowedHosts: z.array(filledText).default([]),
    /**
     * Addresses or networks (10.0.0.0/8) of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
     * Default: empty, none. Set it where a proxy adds TLS.
     */
    trustedProxies: z.array(network).default([]),
  })
  .superRefine(({ port, probePort }, ctx) => {
    if (probePort === undefined || probePort === 0 || probePort !== port) return;
    ctx.addIssue({
      code: 'custom',
      path: ['probePort'],
      message: 'is http.port already: choose another one',
    });
  }, whenObject)
  .superRefine(({ users }, ctx) => {
    if (!Array.isArray(users)) return;
    const names = users.map((user: unknown) => (isRecord(user) ? user['name'] : undefined));
    for (const [index, name] of names.entries()) {
      if (name === undefined || names.indexOf(name) === index) continue;
      ctx.addIssue({
        code: 'custom',
        path: ['users', index, 'name'],
        message: 'is the name of another user',
      });
    }
  }, whenObject);

/** The whole configuration. Unknown keys are errors; paths are resolved by `parseConfig`, not here. */
export const configSchema = z.strictObject({
  /** The platform's database with the interface tables. */
  middle: middleSchema,
  /** The product's own database, with the journal and the leases. */
  store: storeSchema,
  /** Speed and patience of the worker. */
  worker: workerSchema.prefault({}),
  /** Comparing both databases by itself, as `bnet-sync verify` does. */
  verify: verifySchema.prefault({}),
  /** Choices that the specification leaves to the product; the same for all workers of a store. */
  rules: rulesSchema.prefault({}),
  /** The log. */
  log: logSchema.prefault({}),
  /** Health, metrics and console. Default: absent, no server, so several workers can share one file. */
  http: httpSchema.optional(),
});

/** A checked configuration: defaults filled in, paths absolute. */
export type Config = z.output<typeof configSchema>;
