import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chromiumPath, launchBrowser, openPage, type WatchedPage } from '../support/browser.js';
import { isAvailable, openPair, plant, type KnexPair } from '../support/databases.js';
import { change, lossFixture, open } from '../support/loss-fixture.js';
import { lockMiddle } from '../support/locked-middle.js';
import { scaled } from '../support/time-factor.js';
import { until } from '../support/until.js';
import { people, serve } from './environment.js';

const patience = scaled(60_000);
const lost = 30;

/* An operator who sees the alarm in the console gets the store right again, in the console. */

describe.skipIf(chromiumPath === null)(
  'a store that went back, in the browser',
  { timeout: patience },
  () => {
    let pair: KnexPair;
    let fixture: ReturnType<typeof lossFixture>;
    let server: Awaited<ReturnType<typeof serve>>;
    let browser: Browser;
    let watched: WatchedPage;
    let page: Page;

    beforeAll(async () => {
      browser = await launchBrowser();
    }, patience);
    afterAll(() => browser.close());
    beforeEach(async () => {
      pair = await openPair(isAvailable('PostgreSQL') ? 'PostgreSQL' : 'SQLite');
      fixture = lossFixture(pair);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '8888', CustID: '8888' });
      await fixture.work();
      const older = await fixture.copy();
      await fixture.plantOpens(lost);
      await fixture.work();
      await older.putBack();
      await plant(pair.middle, 'CUST', change('9001', 'after the loss'));
      server = await serve(pair, 8);
      await until('the alarm is open', async () => (await fixture.statusNow()).alarms.length > 0, 30_000);
      watched = await openPage(browser, server.url);
      ({ page } = watched);
    }, patience);
    afterEach(async () => {
      await page.context().close();
      await server.close();
      await pair.close();
      expect(watched.problems, 'dialogs, errors, violations, requests elsewhere').toEqual([]);
    });

    const logIn = async (who: keyof typeof people, next = '/', on = page) => {
      await on.goto(next);
      await on.fill('input[name=name]', people[who].name);
      await on.fill('input[name=password]', people[who].password);
      await on.click('main button');
      await on.waitForURL(`${server.url}${next}`);
    };
    const heading = (words: string) => page.locator('h2', { hasText: words }).waitFor();

    it('goes from the alarm by a dry run and a repair to a green page, and the audit keeps the result', async () => {
      await logIn('operator');
      await page.locator('.notice.bad', { hasText: 'The product store has lost data' }).waitFor();
      await page.click('text=See what is lost, and repair…');
      await page.waitForURL(`${server.url}/repair`);
      await heading('The product store has lost data');
      expect(await page.innerText('main')).toMatch(/Found by .*CUST \d+ CustID \d+, StateDate 20\d\d-/s);
      await page.click('main button:has-text("Dry run")');
      await page.locator(`text=${lost} rows of ${lost} customers would take effect once more.`).waitFor();
      expect((await fixture.statusNow()).alarms).toHaveLength(1);
      await page.click('a.primary:has-text("Repair…")');
      expect(await page.innerText('main')).toMatch(/The dry run of .* ago:\s+30 rows of 30 customers would/);
      // Without a reason the browser itself does not send the form.
      await page.click('main button:has-text("Start the repair")');
      expect(page.url()).toBe(`${server.url}/repair/confirm`);
      await page.fill('textarea[name=reason]', '工单 4711');
      await page.click('main button:has-text("Start the repair")');
      await page.waitForURL(`${server.url}/repair`);
      await page
        .locator('.notice.good:has-text("1 alarm closed. Workers go on within 4 seconds.")')
        .waitFor();
      expect(await page.innerText('main')).toContain('30 rows of 30 customers took effect once more.');
      await page.locator('.notice.good:has-text("No alarm is open.")').waitFor();
      await until('workers go on', async () => (await fixture.stateOf('9001')) === 2, 30_000);
      await page.goto('/');
      expect(await page.locator('.notice.bad').count()).toBe(0);
      await page.goto('/audit');
      await page.click('tbody tr:has-text("repair the store") a');
      expect(await page.innerText('main')).toMatch(
        /30 rows of 30 customers took effect once more\..*1 alarm closed/s,
      );
      expect(await page.innerText('.facts')).toMatch(/wang.*console.*工单 4711/s);
    });

    it.runIf(isAvailable('PostgreSQL'))(
      'shows a repair that goes on without the browser, to others too, and cancels it',
      async () => {
        const lock = await lockMiddle(pair);
        try {
          await logIn('operator', '/repair/confirm');
          await page.fill('textarea[name=reason]', 'fail-over');
          await page.click('main button:has-text("Start the repair")');
          await heading('Repair running');
          await page.context().close();
          watched = await openPage(browser, server.url);
          ({ page } = watched);
          await logIn('reader', '/repair');
          await heading('Repair running');
          expect(await page.locator('main form, main button:visible:not(.link)').count()).toBe(0);
          await page.context().close();
          watched = await openPage(browser, server.url, { locale: 'zh-CN' });
          ({ page } = watched);
          await logIn('operator', '/repair');
          await heading('修复 正在进行');
          await page.goto('/repair/confirm');
          await page.click('main button:has-text("试运行")');
          expect(await page.innerText('.notice.bad')).toContain('本进程正在进行修复或试运行');
          await page.click('main button:has-text("取消")');
          await heading('修复 正在取消：完成当前一批后结束');
        } finally {
          await lock.release();
        }
        await heading('修复 提前结束');
        expect(await page.innerText('main')).toMatch(
          /提前结束，尚未检查完；再次启动会接着做。结束者：\s*wang/,
        );
        expect(await page.innerText('main')).toContain('仍有 1 个告警未关闭： 请再次启动修复。');
      },
    );

    it('shows a repair whose process ended, and says that starting again goes on', async () => {
      const what = JSON.stringify({ custId: null, productId: null, all: false });
      const insert = `INSERT INTO sync_audit (at, who, via, action, what, phase)
                    VALUES ('2026-11-28T02:10:00.000Z', 'li@app-1', 'command', 'repair', '${what}', 'intent')`;
      await fixture.runInStore(insert);
      await logIn('operator', '/repair');
      expect(await page.innerText('.notice.warn')).toMatch(
        /li@app-1, 2026-11-28 02:10:00 UTC.*nothing takes effect twice/,
      );
      await page.click('.notice.warn a');
      expect(await page.innerText('main')).toContain('or its process ended first');
      await page.click('text=the repair’s page');
      await page.waitForURL(`${server.url}/repair`);
    });

    it('works without a script', async () => {
      await page.context().close();
      watched = await openPage(browser, server.url, { javaScriptEnabled: false });
      ({ page } = watched);
      await logIn('operator', '/repair');
      await page.click('main button:has-text("Dry run")');
      await until(
        'the dry run has ended',
        async () => {
          await page.goto('/repair');
          return (await page.innerText('main')).includes('would take effect once more');
        },
        20_000,
      );
      await page.goto('/repair/confirm?customer=1');
      expect(await page.innerText('main')).toMatch(
        /CustID = 1.*closes no alarm.*No dry run of this was made here/s,
      );
      await page.fill('textarea[name=reason]', 'only one');
      await page.click('main button:has-text("Start the repair")');
      await until(
        'the repair has ended',
        async () => {
          await page.goto('/repair');
          return (await page.innerText('main')).includes('took effect once more');
        },
        20_000,
      );
      expect(await page.innerText('main')).toContain('1 alarm still open: this was a part only');
    });
  },
);
