import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { State } from '../../../src/domain/states.js';
import { OracleDatabase, type OracleOptions } from '../../../src/middle/oracle/database.js';
import type { MiddleDatabase } from '../../../src/middle/port.js';
import { createOracle, type CreatedOracle } from '../../support/oracle/create-oracle.js';
import type { Fault, PlantedFault } from '../../support/oracle/faults.js';
import type { OracleStandIn } from '../../support/oracle/stand-in.js';
import type { OracleConnection } from '../../support/test-oracle.js';
import { openSession, type Session } from '../../support/postgres-session.js';
import { until } from '../../support/until.js';
import type { MiddleSettings } from '../middle.js';
import { oracleAdapterOver, oracleOptions } from './oracle-fixture.js';
import { cust, everything, longAgo, requestFor } from './rows.js';
import { scaled } from '../../support/time-factor.js';

/** A deadline that a healthy local server keeps. */
export const callTimeoutMs = scaled(1000);

/** How long a call may take at the very most: a login, a statement and a rollback, and a busy machine. */
export const atMostMs = 3 * callTimeoutMs + scaled(3000);

/** More attribute rows than come with the first answer, so that the rest is fetched. */
const attributeRows = 30;

/** The calls of the port on the one row that stands in the table. */
export const calls = {
  poll: (middle: MiddleDatabase) => middle.poll(everything()),
  claim: (middle: MiddleDatabase) => middle.claim([requestFor(cust('1'))]),
  mark: (middle: MiddleDatabase) =>
    middle.mark([{ source: 'CUST', streamingNo: '1', attempt: longAgo, custId: null, errContent: '00404' }]),
  hasOpenRows: (middle: MiddleDatabase) => middle.hasOpenRows(),
  ping: (middle: MiddleDatabase) => middle.ping(),
} as const;

export type CallName = keyof typeof calls;

/** How the row and its attribute rows stand. */
export interface Standing {
  readonly state: number;
  /** Different States of its attribute rows. */
  readonly attributes: readonly number[];
}

/** How the row stands before a call, and after one that was carried out. */
export const standings: Readonly<Record<CallName, { readonly before: Standing; readonly done: Standing }>> = {
  poll: { before: standing(State.Initial), done: standing(State.Initial) },
  claim: { before: standing(State.Initial), done: standing(State.Processing) },
  mark: { before: standing(State.Processing), done: standing(State.Failed) },
  hasOpenRows: { before: standing(State.Initial), done: standing(State.Initial) },
  ping: { before: standing(State.Initial), done: standing(State.Initial) },
};

function standing(state: State): Standing {
  return { state, attributes: [state] };
}

/** A stand-in with one row of IF_BNET_CUST, which is made to fail, and what can be seen of it and of its clients. */
export class OracleOutage {
  readonly #created: CreatedOracle;
  readonly #session: Session;
  readonly #sockets = new Set<Socket>();
  #opened: OracleDatabase[] = [];

  private constructor(created: CreatedOracle, session: Session) {
    this.#created = created;
    this.#session = session;
    subscribe('net.client.socket', this.#notice);
  }

  static async start(): Promise<OracleOutage> {
    const created = await createOracle();
    return new OracleOutage(created, await openSession(created.database.connection));
  }

  get standIn(): OracleStandIn {
    return this.#created.standIn;
  }

  /** A session on the database behind the stand-in, past it. */
  get behind(): Session {
    return this.#session;
  }

  /** Makes everything anew: one row in this State with its attribute rows, no client, no fault, no count. */
  async prepare(state: number = State.Initial): Promise<void> {
    await this.clear();
    const stateDate = state === State.Initial ? null : longAgo;
    await this.#session.query('TRUNCATE ismp.if_bnet_cust, ismp.if_bnet_cust_attr');
    await this.#session.query(
      `INSERT INTO ismp.if_bnet_cust (streamingno, custid, state, statedate) VALUES (1, 1000, $1, $2)`,
      [state, stateDate],
    );
    await this.#session.query(
      `INSERT INTO ismp.if_bnet_cust_attr (custattrid, streamingno, attrspecid, state, statedate)
       SELECT id, 1, 1, $1, $2 FROM generate_series(1, ${attributeRows}) AS id`,
      [state, stateDate],
    );
    this.standIn.counters.reset();
    this.#sockets.clear();
  }

  /** Closes the adapters and everything that a fault left open. */
  async clear(): Promise<void> {
    this.standIn.faults.clear();
    this.standIn.cutConnections('reset');
    await Promise.all(this.#opened.map((database) => database.close()));
    this.#opened = [];
    await this.untilAlone();
  }

  async remove(): Promise<void> {
    unsubscribe('net.client.socket', this.#notice);
    await this.clear();
    await this.#session.close();
    await this.#created.remove();
  }

  open(
    access: Partial<OracleConnection> = {},
    settings: MiddleSettings & Partial<Pick<OracleOptions, 'maxConnections'>> = {},
  ): MiddleDatabase {
    const { connectString, user, password } = this.standIn;
    const { maxConnections = 3 } = settings;
    const database = new OracleDatabase(
      oracleOptions({ connectString, user, password, ...access }, { callTimeoutMs, maxConnections }),
    );
    this.#opened.push(database);
    return oracleAdapterOver(database, settings);
  }

  plant(fault: Fault): PlantedFault {
    return this.standIn.faults.plant(fault);
  }

  /** How the row stands, as others see it. */
  async standing(): Promise<Standing> {
    const [row] = await this.#session.query(
      `SELECT c.state, (SELECT string_agg(DISTINCT CAST(a.state AS text), ',') FROM ismp.if_bnet_cust_attr a
         WHERE a.streamingno = c.streamingno AND a.statedate IS NOT DISTINCT FROM
           CASE WHEN c.state = 0 THEN a.statedate ELSE c.statedate END) AS attributes
       FROM ismp.if_bnet_cust c`,
    );
    return { state: Number(row!['state']), attributes: String(row!['attributes']).split(',').map(Number) };
  }

  /** That nobody holds a lock on the row or its attribute rows. */
  async expectNoLock(): Promise<void> {
    for (const table of ['if_bnet_cust', 'if_bnet_cust_attr'])
      await this.#session.query(`SELECT 1 FROM ismp.${table} FOR UPDATE NOWAIT`);
  }

  /** Waits until the stand-in has no client any more, and all that they left open is rolled back. */
  async untilAlone(): Promise<void> {
    await until('the stand-in has no client', () => Promise.resolve(this.standIn.connections === 0));
  }

  /** Waits, hardly at all, until the driver has no socket open, whatever its peer knows of that. */
  async untilClosed(): Promise<void> {
    // Later releases of Node tell of the stand-in's own sockets to PostgreSQL as well.
    const port = Number(/:(\d+)\//.exec(this.standIn.connectString)?.[1]);
    const isElsewhere = ({ connecting, remotePort }: Socket) => !connecting && remotePort !== port;
    const closed = () => [...this.#sockets].every((socket) => socket.destroyed || isElsewhere(socket));
    await until('the driver has closed its sockets', () => Promise.resolve(closed()), 500);
  }

  /** Runs a call that must end within the deadline. */
  async inTime<T>(call: Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await call;
    } finally {
      expect(performance.now() - startedAt).toBeLessThan(atMostMs);
    }
  }

  readonly #notice = (message: unknown): void => {
    this.#sockets.add((message as { socket: Socket }).socket);
  };
}
