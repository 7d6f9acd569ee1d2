import { describe, expect, it } from 'vitest';
import type { AuditIntent, AuditRecord } from '../../../src/store/admin-port.js';
import type { Fixture } from '../store.js';

const intent: AuditIntent = {
  who: '运维 <王>',
  via: 'console',
  action: 'requeue-matching',
  what: '{"code":"00404","text":"%_\'"}',
  reason: '平台已更正 😀',
};
const pause: AuditRecord = { ...intent, action: 'pause', what: '{}', rows: null };

/** The record of what people did. */
export function auditRules(fixture: Fixture): void {
  describe('the record of actions', () => {
    it('keeps every value of an intent and of its outcome, with the store’s time', async () => {
      const { records } = fixture();
      const before = await fixture().now();
      const id = await records.intend(intent);
      const open = await records.action(id);
      expect(open).toMatchObject({ ...intent, id, rows: null, status: 'open', outcome: null });
      await records.conclude(id, { what: '{"matched":10001}', rows: 10_000 });
      const ended = await records.action(id);
      expect(ended).toMatchObject({ ...intent, id, rows: 10_000, status: 'done' });
      expect(ended?.outcome?.what).toBe('{"matched":10001}');
      expect(await records.actions({ before: null, limit: 10 })).toEqual([ended]);
      const after = await fixture().now();
      for (const at of [open?.at ?? '', ended?.outcome?.at ?? '']) {
        expect(at >= before && at <= after).toBe(true);
      }
      expect(await records.action('0')).toBeNull();
    });

    it('takes one outcome of an intent, and none of anything else', async () => {
      const { records } = fixture();
      const outcome = { what: '{}', rows: 1 };
      const id = await records.intend(intent);
      await records.conclude(id, outcome);
      await expect(records.conclude(id, outcome)).rejects.toThrow();
      await expect(records.conclude(String(Number(id) + 7), outcome)).rejects.toThrow('has no intent');
      await records.pause({ source: 'CUST' }, pause);
      const [paused] = await records.actions({ before: null, limit: 1 });
      await expect(records.conclude(paused?.id ?? '', outcome)).rejects.toThrow('has no intent');
      expect(await fixture().rows('sync_audit')).toHaveLength(3);
    });

    it('has no pause, and no end of one, without their records', async () => {
      const { records } = fixture();
      const refused = { ...pause, via: null as never };
      const target = { source: 'CUST' } as const;
      await expect(records.pause(target, refused)).rejects.toThrow();
      expect([await records.pauses(), await fixture().rows('sync_audit')]).toEqual([[], []]);
      await records.pause(target, pause);
      await expect(records.resume(target, { ...refused, action: 'resume' })).rejects.toThrow();
      expect(await records.pauses()).toMatchObject([{ target }]);
      expect(await records.pause(target, pause)).toBe(false);
      expect(await records.resume({ source: 'ACCOUNT' }, { ...pause, action: 'resume' })).toBe(false);
      await records.resume(target, { ...pause, action: 'resume' });
      expect(await records.actions({ before: null, limit: 10 })).toMatchObject([
        { ...pause, action: 'resume', status: 'done', outcome: null },
        { ...pause, status: 'done', outcome: null },
      ]);
    });

    it('is read newest first, page by page, without gaps and twice nothing; outcomes are no entries', async () => {
      const { records } = fixture();
      for (let n = 1; n <= 7; n += 1) {
        const id = await records.intend({ ...intent, what: String(n) });
        if (n % 2 === 0) await records.conclude(id, { what: '{}', rows: n });
      }
      const read: string[] = [];
      let before: string | null = null;
      for (;;) {
        const page = await records.actions({ before, limit: 3 });
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(3);
        read.push(...page.map(({ what, rows }) => `${what} ${rows ?? 'open'}`));
        before = page.at(-1)!.id;
      }
      expect(read).toEqual(['7 open', '6 6', '5 open', '4 4', '3 open', '2 2', '1 open']);
    });
  });
}
