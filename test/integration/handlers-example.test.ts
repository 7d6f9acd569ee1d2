import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadHandlers } from '../../src/app/load-handlers.js';
import {
  column,
  isAvailable,
  openPair,
  pairKinds,
  plant,
  standing,
  type Pair,
} from '../support/databases.js';
import { drain } from '../support/workers.js';

const page = new URL('../../docs/handlers.md', import.meta.url);
const open = { ProductID: '200', BizID: 'b1', OPFlag: '0101', CustAccount: 'a', CustName: '企业' };
const domainSpec = '11002001000000000000';

/** The first block of a language on the page. */
async function blockOf(language: string): Promise<string> {
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(await readFile(page, 'utf8'))?.[1];
  if (block === undefined) throw new Error(`no ${language} on the page`);
  return block;
}

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`the worked example of docs/handlers.md on ${kind}`, () => {
    let pair: Pair;
    let folder: string;
    beforeEach(async () => {
      pair = await openPair(kind);
      folder = await mkdtemp(join(tmpdir(), 'bnet-sync-handlers-'));
    });
    afterEach(async () => {
      await rm(folder, { recursive: true });
      await pair.close();
    });

    it('does what the page says', async () => {
      await pair.store.execute({ sql: (await blockOf('sql')).replaceAll(/^--.*$/gm, ''), bindings: [] });
      const file = join(folder, 'handlers.mjs');
      await writeFile(file, await blockOf('js'));
      await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' }, [
        ['1', domainSpec, 'example.cn'],
      ]);
      await plant(pair.middle, 'CUST', { ...open, CustID: '2', StreamingNo: '2' }, [
        ['2', domainSpec, 'example.cn'],
      ]);
      await plant(pair.middle, 'CUST', { ...open, CustID: '3', StreamingNo: '3' });
      await plant(pair.middle, 'CUST', { ...open, CustID: '1', OPFlag: '0103', StreamingNo: '4' });
      await drain({
        middle: pair.openMiddle(),
        store: pair.openStore(),
        handlers: await loadHandlers(file, 10_000),
      });
      const rows = await standing(pair.middle);
      expect(rows.get('CUST:1')).toMatchObject({ state: 2, errContent: null });
      expect(rows.get('CUST:2')?.errContent).toBe('00404 业务逻辑执行错误: 邮件域名 "example.cn" 已被占用');
      expect(rows.get('CUST:3')?.errContent).toBe(
        `00401 关键数据项不能为空: AttrSpecID ${domainSpec} (邮件域名)`,
      );
      expect(rows.get('CUST:4')?.state).toBe(2);
      expect(await column(pair.store, 'SELECT domain FROM mail_domain WHERE suspended')).toEqual([
        'example.cn',
      ]);
      expect(await column(pair.store, 'SELECT count(*) FROM bnet_customer')).toSatisfy(
        ([n]) => Number(n) === 1,
      );
    });
  });
}
