import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../../src/store/records-port.js';
import type { Fixture } from '../store.js';

const action: AuditRecord = {
  who: '运维 <王>',
  via: 'console',
  action: 'requeue-matching',
  what: '{"code":"00404","text":"%_\'"}',
  rows: 10_000,
  reason: '平台已更正 😀',
};

/** The record of what people did. */
export function auditRules(fixture: Fixture): void {
  describe('the record of actions', () => {
    it('keeps every value, with the store’s time', async () => {
      const { records } = fixture();
      const before = await fixture().now();
      await records.recordAction(action);
      await records.recordAction({ ...action, action: 'pause', via: 'command', rows: null, reason: null });
      const after = await fixture().now();
      const entries = await records.actions({ before: null, limit: 10 });
      expect(entries.map(({ id: _, at: __, ...rest }) => rest)).toEqual([
        { ...action, action: 'pause', via: 'command', rows: null, reason: null },
        action,
      ]);
      for (const { at } of entries) expect(at >= before && at <= after).toBe(true);
    });

    it('is read newest first, page by page, without gaps and twice nothing', async () => {
      const { records } = fixture();
      for (let n = 1; n <= 7; n += 1) await records.recordAction({ ...action, what: String(n) });
      const read: string[] = [];
      let before: string | null = null;
      for (;;) {
        const page = await records.actions({ before, limit: 3 });
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(3);
        read.push(...page.map(({ what }) => what));
        before = page.at(-1)!.id;
      }
      expect(read).toEqual(['7', '6', '5', '4', '3', '2', '1']);
    });
  });
}
