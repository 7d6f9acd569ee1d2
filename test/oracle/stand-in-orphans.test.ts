import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type oracledb from 'oracledb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsOwner, connectAsWorker, failureOf, rowsOf, valueOf } from '../support/oracle/driver.js';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

const UPDATE = 'UPDATE IF_BNET_CUST SET State = 1 WHERE StreamingNo = :1';
const lock = (number: number) =>
  `SELECT State FROM IF_BNET_CUST WHERE StreamingNo = ${number} FOR UPDATE NOWAIT`;

/** The worker's connection and the socket below it. */
async function connectWithSocket(oracle: CreatedOracle): Promise<[oracledb.Connection, Socket]> {
  const sockets: Socket[] = [];
  const notice = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
  subscribe('net.client.socket', notice);
  try {
    const connection = await connectAsWorker(oracle.standIn);
    return [connection, sockets[0]!];
  } finally {
    unsubscribe('net.client.socket', notice);
  }
}

const waits = ({ standIn }: CreatedOracle) =>
  until('a session waits for a lock', async () => (await standIn.sessionsWaiting()) === 1);

describe.runIf(hasPostgres)(
  'Oracle stand-in: a session whose client has gone while it waits for a lock',
  () => {
    let oracle: CreatedOracle;
    let owner: oracledb.Connection;

    beforeAll(async () => {
      oracle = await createOracle();
    });
    afterAll(() => oracle.remove());
    beforeEach(async () => {
      owner = await connectAsOwner(oracle.standIn);
      await owner.execute('DELETE FROM IF_BNET_CUST');
      await owner.executeMany('INSERT INTO IF_BNET_CUST (StreamingNo, State) VALUES (:1, 0)', [[1], [2]]);
      await owner.commit();
    });
    afterEach(async () => {
      await oracle.standIn.releaseAll();
      await owner.close();
    });

    /** A worker that has locked row 1 and waits for row 2, when its socket is destroyed. */
    const orphan = async (options: oracledb.ExecuteOptions = {}) => {
      const [worker, socket] = await connectWithSocket(oracle);
      await worker.execute(lock(1));
      const waiting = failureOf(worker.execute(UPDATE, ['2'], options));
      await waits(oracle);
      socket.destroy(new Error('the deadline passed'));
      expect((await waiting).code).toBe('NJS-500');
      await worker.close().catch(() => undefined);
    };
    const lockedByOthers = async (number: number) => {
      const failure = await owner
        .execute(lock(number))
        .catch((error: unknown) => error as { errorNum: number });
      await owner.rollback();
      return 'errorNum' in failure && failure.errorNum === 54;
    };
    const stateOf = (number: number) =>
      valueOf(owner, 'SELECT State FROM IF_BNET_CUST WHERE StreamingNo = :1', [number]);

    it('keeps its locks until the wait is over, and is rolled back then', async () => {
      const person = await oracle.standIn.hold(lock(2));
      await orphan();
      expect(await lockedByOthers(1)).toBe(true);
      expect(await oracle.standIn.sessionsWaiting()).toBe(1);
      await person.rollback();
      await until('both rows are free', async () => !(await lockedByOthers(1)) && !(await lockedByOthers(2)));
      expect(await stateOf(2)).toBe('0');
    });

    it('commits what its call was to commit', async () => {
      const person = await oracle.standIn.hold(lock(2));
      await orphan({ autoCommit: true });
      await person.rollback();
      await until('the change is committed', async () => (await stateOf(2)) === '1');
      await until('row 1 is free', async () => !(await lockedByOthers(1)));
    });

    it('does the same when the network cuts the connection', async () => {
      const person = await oracle.standIn.hold(lock(2));
      const worker = await connectAsWorker(oracle.standIn);
      await worker.execute(lock(1));
      const waiting = failureOf(worker.execute(UPDATE, ['2']));
      await waits(oracle);
      await owner.close();
      oracle.standIn.cutConnections('reset');
      expect((await waiting).code).toBe('NJS-500');
      owner = await connectAsOwner(oracle.standIn);
      expect(await lockedByOthers(1)).toBe(true);
      await person.rollback();
      await until('row 1 is free', async () => !(await lockedByOthers(1)));
    });

    it('ends with the server', async () => {
      const other = await createOracle();
      const connection = await connectAsOwner(other.standIn);
      await connection.execute('INSERT INTO IF_BNET_CUST (StreamingNo, State) VALUES (1, 0)', [], {
        autoCommit: true,
      });
      await other.standIn.hold(lock(1));
      const waiting = failureOf(connection.execute(UPDATE, ['1']));
      await waits(other);
      other.standIn.cutConnections('close');
      await waiting;
      await other.remove();
      expect(await rowsOf(owner, 'SELECT 1 FROM DUAL')).toEqual([['1']]);
    });
  },
);
