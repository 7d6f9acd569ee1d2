import '../support/hostile-time-zone.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasPostgres } from '../support/postgres.js';
import { cutRules } from './middle/oracle-cuts.js';
import { atMostMs, callTimeoutMs, calls, OracleOutage, type CallName } from './middle/oracle-outage.js';
import { refusalRules } from './middle/oracle-refusals.js';
import { kindOf } from './middle/outages.js';
import { everything } from './middle/rows.js';

describe.runIf(hasPostgres)('Oracle as a middle database that fails', () => {
  let outage: OracleOutage;

  beforeAll(async () => {
    outage = await OracleOutage.start();
  });
  beforeEach(() => outage.prepare());
  afterEach(() => outage.clear());
  afterAll(() => outage.remove());

  cutRules(() => outage);
  refusalRules(() => outage);

  describe('before the login', () => {
    it('refuses a wrong password as credentials, after one try', async () => {
      expect(await kindOf(outage.open({ password: 'wrong' }).poll(everything()))).toBe('credentials');
      const { connectionAttempts, refusedLogins } = outage.standIn.counters;
      expect([connectionAttempts, refusedLogins]).toEqual([1, 1]);
      await outage.untilAlone();
      await outage.untilClosed();
    });

    it('is unreachable while nobody listens, and works again afterwards', async () => {
      const middle = outage.open();
      await outage.standIn.stopListening();
      expect(await kindOf(middle.poll(everything()))).toBe('unreachable');
      await outage.standIn.startListening();
      await expect(middle.poll(everything())).resolves.toMatchObject({ rows: [{ streamingNo: '1' }] });
    });

    it.each(['refuse', 'reset', 'silence'] as const)(
      'is unreachable within the deadline where the listener answers with %s',
      async (behaviour) => {
        const middle = outage.open();
        outage.standIn.faults.listener = behaviour;
        expect(await outage.inTime(kindOf(middle.ping()))).toBe('unreachable');
        expect(outage.standIn.counters.connectionAttempts).toBe(1);
        await outage.untilAlone();
        await outage.untilClosed();
        outage.standIn.faults.listener = 'accept';
        await expect(middle.ping()).resolves.toBeUndefined();
      },
    );

    it.each([
      { phase: 'before', action: { kind: 'silence' } },
      { phase: 'after', action: { kind: 'silence' } },
      { phase: 'after', action: { kind: 'silence', deaf: true } },
      { phase: 'after', action: { kind: 'delay', ms: 1.5 * callTimeoutMs } },
      { phase: 'before', action: { kind: 'reset' } },
      { phase: 'after', action: { kind: 'close' } },
    ] as const)('is unreachable within the deadline: $phase the login $action', async ({ phase, action }) => {
      const middle = outage.open();
      outage.plant({ at: 'login', phase, action });
      expect(await outage.inTime(kindOf(middle.ping()))).toBe('unreachable');
      await outage.untilClosed();
      if ('deaf' in action) outage.standIn.cutConnections('reset');
      await outage.untilAlone();
      await expect(middle.ping()).resolves.toBeUndefined();
    });

    it('tells each of several callers, and makes no connection when nobody asks for one', async () => {
      const middle = outage.open();
      await outage.standIn.stopListening();
      const kinds = Array.from({ length: 5 }, () => kindOf(middle.ping()));
      expect(new Set(await outage.inTime(Promise.all(kinds)))).toEqual(new Set(['unreachable']));
      await outage.standIn.startListening();
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(outage.standIn.counters.connectionAttempts).toBe(0);
    });
  });

  describe('with its connections', () => {
    it('serves five callers at once over three of them', async () => {
      const middle = outage.open();
      outage.plant({ at: 'execute', times: 5, action: { kind: 'delay', ms: 100 } });
      const pages = await Promise.all(Array.from({ length: 5 }, () => middle.poll(everything())));
      expect(pages.map(({ rows }) => rows.length)).toEqual([1, 1, 1, 1, 1]);
      expect(outage.standIn.counters.logins).toBeLessThanOrEqual(3);
    });

    it('may lose one call to connections that were cut while idle, never more', async () => {
      const middle = outage.open({}, { maxConnections: 1 });
      await middle.ping();
      outage.standIn.cutConnections('reset');
      await outage.untilAlone();
      const first = await middle.ping().then(
        () => 'answered',
        (error: unknown) => (error as { kind: string }).kind,
      );
      expect(['answered', 'connectionLost']).toContain(first);
      await expect(middle.ping()).resolves.toBeUndefined();
    });

    it('closes within the deadline while the peer is silent', async () => {
      const middle = outage.open();
      await middle.ping();
      outage.standIn.cutConnections('silence');
      const startedAt = performance.now();
      await middle.close();
      expect(performance.now() - startedAt).toBeLessThan(atMostMs);
      await outage.untilAlone();
      await outage.untilClosed();
    });

    it('leaves no connection behind when it is closed', async () => {
      const middle = outage.open();
      await Promise.all([middle.ping(), middle.ping(), middle.ping()]);
      await middle.close();
      await outage.untilAlone();
      await outage.untilClosed();
    });
  });

  describe('with a statement that takes too long', () => {
    const slow = { at: 'execute', sql: /IF_BNET_CUST/ } as const;

    it.each<[CallName, number]>([
      ['poll', 0.9 * callTimeoutMs],
      ['poll', 5 * callTimeoutMs],
      ['claim', 0.9 * callTimeoutMs],
      ['claim', 5 * callTimeoutMs],
    ])('times out a %s that is answered after %i ms, and goes on', async (call, ms) => {
      const middle = outage.open();
      await middle.ping();
      outage.plant({ ...slow, action: { kind: 'delay', ms } });
      expect(await outage.inTime(kindOf(calls[call](middle)))).toBe('timeout');
      await outage.behind.query('SELECT 1 FROM ismp.if_bnet_cust FOR UPDATE');
      await calls[call](middle);
      expect(outage.standIn.counters.logins).toBeLessThanOrEqual(2);
    });

    it('has none that waits for a locked row: it is told of it at once', async () => {
      const middle = outage.open();
      await middle.ping();
      await outage.behind.query('BEGIN');
      await outage.behind.query('SELECT 1 FROM ismp.if_bnet_cust_attr FOR UPDATE');
      const left = [{ source: 'CUST', streamingNo: '1', cause: 'locked' }];
      expect(await outage.inTime(calls.claim(middle))).toMatchObject({ claimed: 0, left });
      await outage.behind.query('SELECT 1 FROM ismp.if_bnet_cust FOR UPDATE NOWAIT');
      await outage.behind.query('COMMIT');
      expect(await outage.standing()).toEqual({ state: 0, attributes: [0] });
      expect(await middle.claim([])).toEqual({ claimed: 0, rows: [], left: [] });
      expect(await calls.claim(middle)).toMatchObject({ claimed: 1 });
      expect(outage.standIn.counters.logins).toBe(1);
    });

    it('has a statement cancelled that waits for a locked table, and keeps its connection', async () => {
      const middle = outage.open();
      await middle.ping();
      await outage.behind.query('BEGIN');
      await outage.behind.query('LOCK TABLE ismp.if_bnet_cust_attr IN ACCESS EXCLUSIVE MODE');
      expect(await outage.inTime(kindOf(calls.claim(middle)))).toBe('timeout');
      await outage.behind.query('SELECT 1 FROM ismp.if_bnet_cust FOR UPDATE NOWAIT');
      await outage.behind.query('COMMIT');
      expect(await outage.standing()).toEqual({ state: 0, attributes: [0] });
      expect(await calls.claim(middle)).toMatchObject({ claimed: 1 });
      expect(outage.standIn.counters.logins).toBe(1);
    });
  });
});
