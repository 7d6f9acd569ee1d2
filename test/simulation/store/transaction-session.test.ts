import { describe, expect, it, vi } from 'vitest';
import { HandlerTimeoutError } from '../../../src/database/errors.js';
import { record, shardCount } from '../../conformance/store/data.js';
import { gate } from '../../support/until.js';
import { simulationStart } from '../event-loop.js';
import { immediateLink, type Link } from '../link.js';
import { StoreTables } from './tables.js';
import { TransactionSession } from './transaction-session.js';

describe('a handler of the simulated store that hangs', () => {
  it('is given up though a line of it was on its way when its time was over', async () => {
    const deadlines: (() => void)[] = [];
    const slow = gate();
    const link: Link = {
      ...immediateLink,
      session: (ended) => ({
        ...immediateLink.session(ended),
        send: async (statement, effect) => {
          if (statement === 'handler line') await slow.passed;
          return effect();
        },
        deadline: (_milliseconds, passed) => {
          deadlines.push(passed);
          return () => undefined;
        },
      }),
    };
    const tables = new StoreTables({ now: () => simulationStart, shards: shardCount });
    const session = new TransactionSession({ tables, link, leaseTtlMs: 60_000 }, tables.incarnation);
    await session.begin();
    const hanging = session.nested(async (own) => {
      await own.line(record());
      return new Promise(() => undefined);
    }, 20);
    await vi.waitFor(() => {
      expect(deadlines).toHaveLength(1);
    });
    deadlines[0]!();
    slow.open();
    await vi.waitFor(() => {
      expect(deadlines).toHaveLength(2);
    });
    await new Promise(setImmediate);
    deadlines[1]!();
    await expect(hanging).rejects.toBeInstanceOf(HandlerTimeoutError);
  });
});
