import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { MiddleDatabase } from '../../../src/middle/port.js';
import type { Fixture } from '../middle.js';
import { account, claimAll, cust, longAgo } from './rows.js';

/** Opens an adapter that keeps the server's plan of every UPDATE, as text. */
export type OpenExplaining = () => { readonly middle: MiddleDatabase; readonly plans: readonly string[] };

/** How rows are found where the poll's index would lead to all rows of a State. */
export function planRules(
  fixture: Fixture,
  parts: { readonly explaining: OpenExplaining; analyze(): Promise<void>; readonly byKey: RegExp },
): void {
  describe('the cost of a claim and of a mark', () => {
    it('does not grow with the rows that are finished, or open: rows are found by StreamingNo', async () => {
      const attributes = (attrId: number) => ({ attributes: [{ attrId: String(attrId) }] });
      const finished = { state: State.Succeeded, stateDate: longAgo };
      await fixture().plant(
        Array.from({ length: 3000 }, (_, index) => [
          cust(String(index + 10_000), { ...finished, ...attributes(index) }),
          account(String(index + 10_000), { ...finished, ...attributes(index) }),
        ]).flat(),
      );
      // What the server believes from now on: there are hardly ever rows in States 0 and 1.
      await parts.analyze();
      await fixture().plant(
        Array.from({ length: 300 }, (_, index) => [
          cust(String(index + 1), attributes(index + 10_000)),
          account(String(index + 1), attributes(index + 10_000)),
        ]).flat(),
      );
      const { middle, plans } = parts.explaining();
      const { rows } = await claimAll(middle);
      await middle.mark(
        rows.map(({ source, streamingNo, custId, stateDate }) => ({
          source,
          streamingNo,
          custId,
          attempt: stateDate!,
          errContent: Number(streamingNo) % 2 === 0 ? '00404' : null,
        })),
      );
      await middle.close();
      // One statement may change several tables: the rows of both are found by key, at the claim and at the mark.
      const byKey = new RegExp(parts.byKey, 'g');
      expect(plans.flatMap((plan) => [...plan.matchAll(byKey)]).length).toBeGreaterThanOrEqual(4);
      expect(plans.length).toBeGreaterThanOrEqual(2);
      for (const plan of plans) {
        expect(plan).not.toMatch(/if_bnet_(cust|account)_poll/i);
        expect(plan).toMatch(parts.byKey);
      }
    });
  });
}
