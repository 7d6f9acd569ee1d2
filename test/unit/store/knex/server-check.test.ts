import { beforeEach, describe, expect, it } from 'vitest';
import type { Fragment } from '../../../../src/database/dialects/dialect.js';
import { pgDialect } from '../../../../src/database/dialects/postgresql.js';
import { sqliteDialect } from '../../../../src/database/dialects/sqlite.js';
import { DatabaseError } from '../../../../src/database/errors.js';
import { StoreWentBackError } from '../../../../src/store/guard-port.js';
import { AcknowledgedCommits } from '../../../../src/store/knex/acknowledged-commits.js';
import { ServerCheck } from '../../../../src/store/knex/server-check.js';

const system = '7300000000000000001';
const now = '2026-11-02T00:00:00.000Z';

let commits: AcknowledgedCommits;
let check: ServerCheck;
let retired: number;
let asked: string[];
beforeEach(() => {
  commits = new AcknowledgedCommits();
  check = new ServerCheck(commits);
  retired = 0;
  asked = [];
});

/** A new connection to a server of this name, whose journal knows so many of the commits asked for. */
function connect(server: string | Error | null, known = Infinity, dialect = pgDialect): Promise<void> {
  const execute = ({ sql }: Fragment) => {
    asked.push(sql);
    if (server instanceof Error && sql.includes('pg_control_system')) return Promise.reject(server);
    const wanted = sql.includes('sync_journal') ? (commits.last.length > 0 ? 1 : 0) : 0;
    const row = { server: server ?? '', known: Math.min(known, wanted), at: now };
    return Promise.resolve({ rows: [row], changed: 1 });
  };
  return check.check({ dialect, execute }, () => (retired += 1));
}

const acknowledge = () => {
  const commit = { source: 'CUST', streamingNo: '7', attempt: '2026-11-01 08:00:00', worker: 'w' } as const;
  commits.acknowledge({ ...commit, at: '2026-11-01T00:00:00.000Z' }, commits.last);
};

describe('a new connection', () => {
  it('is asked one statement, and used where it leads to the server the others lead to', async () => {
    for (let connection = 0; connection < 3; connection += 1) await connect(`${system}/00000001`);
    expect(asked).toHaveLength(3);
    expect(retired).toBe(0);
  });

  it('retires the others where it leads to a later timeline, and is thrown away where it leads to an older one', async () => {
    await connect(`${system}/00000001`);
    await connect(`${system}/0000000A`);
    expect(retired).toBe(1);
    await expect(connect(`${system}/00000009`)).rejects.toMatchObject({
      name: 'DatabaseError',
      kind: 'unavailable',
      message: expect.stringContaining('two servers are behind one address') as string,
    });
    await connect(`${system}/0000000A`);
    expect(retired).toBe(1);
  });

  it('retires the others where it leads to another system: a database that was moved', async () => {
    await connect(`${system}/00000009`);
    await connect('1/00000001');
    expect(retired).toBe(1);
  });

  it('is thrown away where the server is a standby: what it lacks may still come', async () => {
    acknowledge();
    await expect(connect('in recovery', 0)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(commits.lost).toEqual([]);
  });

  it('of an older primary proves no loss: what it lacks stands on the newer one', async () => {
    await connect(`${system}/00000002`);
    acknowledge();
    await expect(connect(`${system}/00000001`, 0)).rejects.toBeInstanceOf(DatabaseError);
    expect(commits.lost).toEqual([]);
  });

  it('finds a loss once, and is used after that: the alarm must reach the store', async () => {
    await connect(`${system}/00000001`);
    acknowledge();
    await expect(connect(`${system}/00000002`, 0)).rejects.toBeInstanceOf(StoreWentBackError);
    expect(commits.lost).toMatchObject([{ streamingNo: '7' }]);
    await connect(`${system}/00000002`, 0);
  });

  it('does without the server’s name where it is kept from us, and does not ask for it again', async () => {
    const refused = new DatabaseError('schema', 'permission denied for function pg_control_system');
    await connect(refused);
    await connect(refused);
    expect(asked).toHaveLength(3);
  });

  it('says nothing of a journal that is missing: whatever needs it does', async () => {
    acknowledge();
    const missing = new DatabaseError('schema', 'no such table: sync_journal');
    const execute = () => Promise.reject(missing);
    await check.check({ dialect: sqliteDialect, execute }, () => (retired += 1));
  });

  it('passes an outage on', async () => {
    const away = new DatabaseError('connectionLost', 'reset');
    await expect(connect(away)).rejects.toBe(away);
  });

  it('has no server on SQLite, and its commits are looked for all the same', async () => {
    await connect(null, Infinity, sqliteDialect);
    acknowledge();
    await expect(connect(null, 0, sqliteDialect)).rejects.toBeInstanceOf(StoreWentBackError);
  });
});
