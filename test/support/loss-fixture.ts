import { acceptStore } from '../../src/operator/accept.js';
import { runChecks } from '../../src/operator/doctor/doctor.js';
import { status } from '../../src/operator/status.js';
import type { WorkerSettings } from '../../src/worker/settings.js';
import { plant, standing, type KnexPair } from './databases.js';
import { isAboutTestServer } from './operations.js';
import { operatorsOf } from './operators.js';
import { copyStore } from './store-copy.js';
import { drain, testWorker, type ToldEvent } from './workers.js';

const identity = { ProductID: '1', BizID: 'b', CustID: '1' };

/** An open of customer 1. */
export const open = { ...identity, OPFlag: '0101', CustAccount: 'a', CustName: 'O', StreamingNo: '1' };

/** A change of its name. */
export const change = (streamingNo: string, name: string) => {
  return { ...identity, OPFlag: '0102', CustName: name, StreamingNo: streamingNo };
};

/** An open of a customer, under its number. */
export const openOf = (custId: number) => {
  return { ...open, CustID: String(custId), StreamingNo: String(custId) };
};

const actor = { name: 'li', via: 'command' } as const;

/** What tests do to a product store that loses something, and how they look at it. */
export function lossFixture(pair: KnexPair) {
  const isSqlite = pair.kind === 'SQLite';
  const openMiddle = ({ productIds = [] }: Partial<WorkerSettings>) => pair.openMiddle({ productIds });
  const work = (settings: Partial<WorkerSettings> = {}) =>
    drain({ middle: openMiddle(settings), store: pair.openStore(), settings });
  const start = (settings: Partial<WorkerSettings> = {}) => {
    const { worker, told } = testWorker({ middle: pair.openMiddle(), store: pair.openStore(), settings });
    return { worker, told, running: worker.run() };
  };
  const copy = () => copyStore(pair.connections.store);
  const run = (sql: string) => pair.middle.execute({ sql, bindings: [] });
  const runInStore = (sql: string) => pair.store.execute({ sql, bindings: [] });
  const stateOf = async (streamingNo: string) =>
    (await standing(pair.middle)).get(`CUST:${streamingNo}`)?.state;
  const alarm = (told: readonly ToldEvent[]) =>
    told.filter(({ name }) => name === 'storeWentBack').at(-1)?.event;
  const doctor = async (settings: { productIds?: readonly string[]; othersFinishRows?: boolean } = {}) => {
    const { middle, store } = operatorsOf(pair);
    const report = await runChecks({
      middle: () => Promise.resolve(middle),
      store: () => Promise.resolve(store),
      clock: () => new Date(),
      settings: { settleMs: 0, shards: 8, productIds: [], othersFinishRows: false, ...settings },
    });
    return report.findings.filter(
      (finding) => finding.area === 'product store' && finding.level !== 'ok' && !isAboutTestServer(finding),
    );
  };
  const statusNow = () => status(operatorsOf(pair));
  const accept = (action: 'repair-accept' | 'new-store' = 'repair-accept') =>
    acceptStore(operatorsOf(pair), actor, {
      ...{ action, productIds: [], shards: 8, reason: 'ticket 4711' },
    });
  /** So many opens of as many customers, in one statement. */
  const plantOpens = (rows: number) => {
    const number = isSqlite ? 'CAST(i AS TEXT)' : 'i';
    return run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
       INSERT INTO IF_BNET_CUST (StreamingNo, CustID, ProductID, BizID, OPFlag, CustAccount, CustName, CreateDate, State)
       SELECT ${number}, ${number}, ${isSqlite ? "'1'" : '1'}, 'b', '0101', 'a', 'O', '2026-11-01 08:00:00', 0 FROM n`,
    );
  };
  /** A row finished by hand, with this StateDate (an expression of the middle database). */
  const finishByHand = (streamingNo: string, stateDate: string) =>
    run(`UPDATE IF_BNET_CUST SET State = 2, StateDate = ${stateDate} WHERE StreamingNo = '${streamingNo}'`);
  const secondsAgo = (seconds: number) =>
    isSqlite
      ? `strftime('%Y-%m-%d %H:%M:%S', 'now', 'localtime', '${-seconds} seconds')`
      : `date_trunc('second', localtimestamp) - interval '${seconds} seconds'`;
  /** As if so much time had passed since workers renewed their leases last. */
  const shiftRenewals = (seconds: number) =>
    runInStore(
      isSqlite
        ? `UPDATE sync_shard SET held_until = strftime('%Y-%m-%dT%H:%M:%fZ', held_until, '${seconds} seconds')`
        : `UPDATE sync_shard SET held_until = held_until + interval '${seconds} seconds'`,
    );
  /** The change 2 of customer 1 is lost, and its change 3 is pending. */
  const loseOneChange = async () => {
    await plant(pair.middle, 'CUST', open);
    await work();
    const older = await copy();
    await plant(pair.middle, 'CUST', change('2', 'A'));
    await work();
    await older.putBack();
    await plant(pair.middle, 'CUST', change('3', 'B'));
  };
  return {
    work,
    start,
    copy,
    run,
    runInStore,
    stateOf,
    alarm,
    doctor,
    statusNow,
    accept,
    plantOpens,
    finishByHand,
    secondsAgo,
    shiftRenewals,
    loseOneChange,
  };
}
