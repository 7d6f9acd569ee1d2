import { hostname, userInfo } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandsOn, configFor } from '../support/command.js';
import { isAvailable, openPair, plant, type Pair } from '../support/databases.js';
import { quickSettings } from '../support/workers.js';
import { companyBind as bind, companyOpen as open } from '../support/sample-rows.js';

const longest = '123456789012345678901234567890';
const me = `${userInfo().username}@${hostname()}`;

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`acceptance: deferred rows on ${kind}`, () => {
    let pair: Pair;
    let config: { file: string; remove(): Promise<void> };
    beforeEach(async () => {
      pair = await openPair(kind);
      config = await configFor(pair);
    });
    afterEach(async () => {
      await config.remove();
      await pair.close();
    });
    const { run, json } = commandsOn(() => config);
    const deferred = async (reason: string) => {
      const { leases, deferrals } = pair.openStore(600_000);
      await leases.register({ workerId: 'w-1', host: 'app-1', pid: 17 }, { ...quickSettings, shards: 8 });
      await leases.renewAndAcquire();
      const row = { source: 'CUST', streamingNo: longest, custId: '990947809', stage: 'mark' } as const;
      await deferrals.put([{ ...row, cause: 'refused', reason, tries: 3, shard: 1, delayMs: 45_000 }]);
    };

    const plantBoth = async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: longest, State: 1, StateDate: null });
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '2' });
      await deferred('ORA-20001: 禁止修改\u001b[31m');
    };

    it('deferred, status and show have in JSON the row, its customer’s wait, and every word of the database', async () => {
      expect(await json('deferred')).toEqual([]);
      await plantBoth();
      const listed = [
        {
          ...{ table: 'IF_BNET_CUST', streamingNo: longest, custId: '990947809' },
          ...{ stage: 'mark', cause: 'refused', reason: 'ORA-20001: 禁止修改\u001b[31m', tries: 3 },
          ...{ since: expect.any(String) as string, nextAt: expect.any(String) as string, worker: 'w-1' },
        },
      ];
      expect(await json('deferred')).toEqual(listed);
      expect(await json('status')).toMatchObject({
        deferred: {
          ...{ rows: 1, customers: 1, oldest: listed },
          byStage: [{ stage: 'mark', cause: 'refused', rows: 1 }],
        },
      });
      expect(await json('show', 'CUST', longest)).toMatchObject({ deferred: listed[0], heldBackBy: [] });
      expect(await json('show', 'ACCOUNT', '2')).toMatchObject({ deferred: null, heldBackBy: listed });
    });

    it('deferred, status, show and doctor tell people, without control characters', async () => {
      expect((await run('deferred')).stdout).toBe('No row is deferred.');
      await plantBoth();
      const said: readonly (readonly [args: readonly string[], words: string])[] = [
        [['deferred'], 'ORA-20001: 禁止修改␛[31m'],
        [['status'], 'Deferred: 1 row of 1 customer (mark refused 1)'],
        [['show', 'CUST', longest], '(mark, refused; tries: 3)'],
        [['show', 'ACCOUNT', '2'], `  IF_BNET_CUST ${longest}, since`],
        [['doctor'], '1 row is deferred with its customer (mark 1)'],
      ];
      for (const [args, words] of said) {
        const { stdout } = await run(...args);
        expect(stdout, args.join(' ')).toContain(words);
        expect(stdout, args.join(' ')).not.toContain('\u001b[31m');
      }
    });

    it('retry ends the deferring, on record; of a row that is not deferred it says so and ends with 1', async () => {
      await deferred('no');
      const retried = await run('retry', 'if_bnet_cust', longest, '--reason', '触发器已停用');
      expect([retried.exitCode, retried.stdout]).toEqual([
        0,
        `IF_BNET_CUST ${longest}: tried at the next check, within 4 s`,
      ]);
      expect(await json('deferred')).toEqual([]);
      const again = await run('retry', 'CUST', longest, '7');
      expect(again.exitCode).toBe(1);
      expect(again.stdout.split('\n')).toEqual(
        [longest, '7'].map(
          (no) => `IF_BNET_CUST ${no}: not deferred; see "bnet-sync show IF_BNET_CUST ${no}"`,
        ),
      );
      expect(await json('retry', 'CUST', '7')).toEqual({
        retried: [],
        notDeferred: [{ table: 'IF_BNET_CUST', streamingNo: '7' }],
      });
      expect(await json('audit')).toMatchObject([
        {
          ...{ who: me, via: 'command', action: 'retry', rows: 1, reason: '触发器已停用' },
          what: `{"rows":["IF_BNET_CUST ${longest}"]}`,
        },
      ]);
    });
  });
}
