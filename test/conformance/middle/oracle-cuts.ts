import { beforeEach, describe, expect, it } from 'vitest';
import type { DatabaseErrorKind } from '../../../src/database/errors.js';
import type { Fault } from '../../support/oracle/faults.js';
import { calls, standings, type CallName, type OracleOutage } from './oracle-outage.js';
import { kindOf } from './outages.js';

/** A moment in a call at which the server can go away. */
interface Moment {
  readonly call: CallName;
  readonly what: string;
  readonly fault: Omit<Fault, 'action'>;
  /** Whether its answer tells of a commit. */
  readonly commits?: boolean;
  /** Whether the row has been changed for good by then. */
  readonly done?: boolean;
}

const page = / page\.\*/;
const mainUpdate = /^UPDATE IF_BNET_CUST t/;
const attributeUpdate = /^UPDATE IF_BNET_CUST_ATTR t/;
const rowsLock = /FROM IF_BNET_CUST t\s[^]*FOR UPDATE/;
const attributesLock = /FROM IF_BNET_CUST_ATTR t\s[^]*FOR UPDATE/;
const rowsRead = /FROM IF_BNET_CUST t\s(?![^]*FOR UPDATE)/;
const attributesRead = /FROM IF_BNET_CUST_ATTR t\s(?![^]*FOR UPDATE)/;

/** The moments of a transaction, the same in a claim and in a mark. */
function momentsOfChange(call: 'claim' | 'mark'): Moment[] {
  const at = 'execute';
  return [
    { call, what: 'before the rows are locked', fault: { at, sql: rowsLock } },
    { call, what: 'after the rows are locked', fault: { at, sql: rowsLock, phase: 'after' } },
    { call, what: 'before the attribute rows are locked', fault: { at, sql: attributesLock } },
    { call, what: 'before locked attribute rows are fetched', fault: { at: 'fetch' } },
    { call, what: 'before the change', fault: { at, sql: mainUpdate } },
    { call, what: 'after the change', fault: { at, sql: mainUpdate, phase: 'after' } },
    { call, what: 'before the attribute rows', fault: { at, sql: attributeUpdate }, commits: true },
    { call, what: 'before the commit', fault: { at: 'commit' }, commits: true },
    { call, what: 'after the commit', fault: { at: 'commit', phase: 'after' }, commits: true, done: true },
  ];
}

const moments: readonly Moment[] = [
  { call: 'poll', what: 'before the query', fault: { at: 'execute', sql: page } },
  { call: 'poll', what: 'after the query', fault: { at: 'execute', sql: page, phase: 'after' } },
  ...momentsOfChange('claim'),
  { call: 'claim', what: 'before the rows are read', fault: { at: 'execute', sql: rowsRead }, done: true },
  {
    call: 'claim',
    what: 'before the attribute rows are read',
    fault: { at: 'execute', sql: attributesRead },
    done: true,
  },
  { call: 'claim', what: 'before attribute rows are fetched', fault: { at: 'fetch', skip: 2 }, done: true },
  ...momentsOfChange('mark'),
  { call: 'hasOpenRows', what: 'before the query', fault: { at: 'execute' } },
  { call: 'ping', what: 'before the query', fault: { at: 'execute' } },
];

const cuts = moments.flatMap((moment) =>
  (['reset', 'close'] as const).map((kind) => ({ ...moment, action: { kind } })),
);
/** A deaf peer differs in the locks that it keeps. */
const silences = moments.flatMap((moment) =>
  (moment.call === 'claim' ? [false, true] : [moment.call === 'mark']).map((deaf) => ({
    ...moment,
    action: { kind: 'silence', deaf } as const,
  })),
);

/** What becomes of a call and of its row when the server goes away in the middle. */
export function cutRules(outage: () => OracleOutage): void {
  const strike = async (moment: Moment & Pick<Fault, 'action'>, kind: DatabaseErrorKind) => {
    const middle = outage().open();
    await middle.ping();
    const planted = outage().plant({ ...moment.fault, action: moment.action });
    expect(await outage().inTime(kindOf(calls[moment.call](middle)))).toBe(
      moment.commits === true ? 'commitUnknown' : kind,
    );
    expect(planted.hits).toBe(1);
    await outage().untilClosed();
    return middle;
  };
  /** The row is all or nothing, nobody is in its way, and the call works on a new connection. */
  const afterwards = async ({ call, done = false }: Moment, middle: Awaited<ReturnType<typeof strike>>) => {
    await outage().untilAlone();
    await outage().expectNoLock();
    const { before, done: changed } = standings[call];
    expect(await outage().standing()).toEqual(done ? changed : before);
    await calls[call](middle);
    expect(await outage().standing()).toEqual(changed);
    expect(outage().standIn.counters.logins).toBe(2);
  };

  describe('that cuts the connection', () => {
    it.each(cuts)('$action.kind in a $call $what', async (moment) => {
      await outage().prepare(standings[moment.call].before.state);
      const middle = await strike(moment, 'connectionLost');
      await afterwards(moment, middle);
    });
  });

  describe('that falls silent', () => {
    it.each(silences)('in a $call $what, deaf: $action.deaf', async (moment) => {
      await outage().prepare(standings[moment.call].before.state);
      const middle = await strike(moment, 'timeout');
      // A deaf peer keeps its locks until somebody ends it.
      if (moment.action.deaf) outage().standIn.cutConnections('reset');
      await afterwards(moment, middle);
    });
  });

  describe('that fails without attribute rows to follow', () => {
    beforeEach(() => outage().prepare());

    it('leaves the outcome open in the one batch that there is', async () => {
      const middle = outage().open({}, { markAttributes: false });
      outage().plant({ at: 'commit', phase: 'after', action: { kind: 'reset' } });
      expect(await kindOf(calls.claim(middle))).toBe('commitUnknown');
      expect((await outage().standing()).state).toBe(1);
      expect(await calls.claim(middle)).toMatchObject({ claimed: 0, rows: [{ state: 1 }], left: [] });
    });
  });
}
