import { spawn, type ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OracleDatabase } from '../../src/middle/oracle/database.js';
import { openOptions } from '../support/middle-databases.js';
import { openStandInOracle } from '../support/test-oracle.js';
import { hasPostgres } from '../support/postgres.js';
import { openSilentServer, portOf } from '../support/silent-server.js';
import { until } from '../support/workers.js';

const dual = { sql: 'SELECT 1 AS "one" FROM DUAL', binds: {}, expected: 1 };

/** Listens, takes no connection, and has room for one: a third SYN is dropped, as by a host that is gone. */
const deafProgram = `
const net = require('node:net');
const server = net.createServer();
server.listen({ host: '127.0.0.2', port: 0, backlog: 1 }, () => {
  require('node:fs').writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

describe.runIf(hasPostgres)('a connect string with several addresses', () => {
  let oracle: Awaited<ReturnType<typeof openStandInOracle>>;
  let silent: Server;
  const opened: OracleDatabase[] = [];
  beforeEach(async () => {
    [oracle, silent] = await Promise.all([openStandInOracle(), openSilentServer()]);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    silent.close();
    await oracle.remove();
  });

  const standInPort = () => Number(/:(\d+)\//.exec(oracle.created.standIn.connectString)![1]);
  const to = (
    addresses: readonly (readonly [host: string, port: number])[],
    callTimeoutMs: number,
    more = '',
  ) => {
    const list = addresses
      .map(([host, port]) => `(ADDRESS=(PROTOCOL=TCP)(HOST=${host})(PORT=${port}))`)
      .join('');
    const connectString = `(DESCRIPTION=${more}(ADDRESS_LIST=${list})(CONNECT_DATA=(SERVICE_NAME=MIDDLE)))`;
    const connection = { ...oracle.connection, connectString };
    const database = new OracleDatabase({
      ...openOptions,
      name: 'middle database',
      connection,
      callTimeoutMs,
    });
    opened.push(database);
    return database;
  };

  it('leads to the second host where the first takes the connection and says nothing', async () => {
    const database = to(
      [
        ['127.0.0.1', portOf(silent)],
        ['127.0.0.1', standInPort()],
      ],
      6000,
    );
    expect(await database.query(dual)).toEqual([{ one: '1' }]);
  });

  it('leads to the second host where the first drops every packet', async () => {
    const deaf = await deafHost();
    try {
      const database = to(
        [
          ['127.0.0.2', deaf.port],
          ['127.0.0.1', standInPort()],
        ],
        6000,
      );
      expect(await database.query(dual)).toEqual([{ one: '1' }]);
    } finally {
      deaf.stop();
    }
  });

  it('connects to nothing any more once its login was given up, whatever retries are left', async () => {
    const { standIn } = oracle.created;
    standIn.faults.listener = 'reset';
    const database = to([['127.0.0.1', standInPort()]], 300, '(RETRY_COUNT=100)(RETRY_DELAY=0.02)');
    let born = 0;
    const count = () => void (born += 1);
    await expect(database.query(dual)).rejects.toMatchObject({ kind: 'unreachable' });
    subscribe('net.client.socket', count);
    try {
      await standInAnswers(standInPort());
      const { connectionAttempts } = standIn.counters;
      const before = born;
      // The driver goes on trying.
      await until(() => born >= before + 3);
      await standInAnswers(standInPort());
      expect(standIn.counters.connectionAttempts - connectionAttempts).toBe(1);
    } finally {
      unsubscribe('net.client.socket', count);
    }
  });
});

/** Connects once and waits for the reset: whoever came before has been counted then. */
async function standInAnswers(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
}

/** A host that drops packets, made by filling its queue. */
async function deafHost(): Promise<{ readonly port: number; stop(): void }> {
  const child: ChildProcess = spawn(process.execPath, ['-e', deafProgram], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const port = Number(line.toString());
  const fillers: Socket[] = [];
  for (let taken = true; taken;) {
    const filler = connect(port, '127.0.0.2').on('error', () => undefined);
    fillers.push(filler);
    // One that is not taken at once waits for its SYN to be sent again, a second later.
    taken = await Promise.race([
      once(filler, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300)),
    ]);
  }
  return {
    port,
    stop: () => {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
    },
  };
}
