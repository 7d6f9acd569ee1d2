import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDemoFolder, type DemoFolder } from '../../src/demo/demo-folder.js';
import { findOut } from '../../src/demo/findings.js';
import { play, type DemoRun } from '../../src/demo/play.js';
import { isFine, reportLines } from '../../src/demo/report.js';
import { badRowCodes } from '../../src/demo/platform/bad-row.js';
import { openMiddleDatabase, openStoreDatabase } from '../../src/app/open-databases.js';

const programme = { rows: 300, customers: 40, badShare: 0.12, ratePerSecond: 400, seed: 5, limitMs: 25_000 };

describe('demo on SQLite', () => {
  let parent: string;
  let folder: DemoFolder;
  let played: DemoRun;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'bnet-sync-test-'));
    folder = await makeDemoFolder(join(parent, 'demo'));
    played = await play(folder, programme, { show: () => undefined, end: () => undefined });
  });
  afterAll(async () => {
    await rm(parent, { recursive: true, force: true });
  });

  const look = () => findOut(folder, played);
  const tamper = async (database: 'middle' | 'store', sql: string): Promise<void> => {
    const open = database === 'middle' ? openMiddleDatabase : openStoreDatabase;
    const opened = open(folder.config, { applicationName: 'test' });
    await opened.execute({ sql, bindings: [] });
    await opened.close();
  };

  it('ends with every row answered and everything as expected', async () => {
    const findings = await look();
    expect(findings.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(played).toMatchObject({ unanswered: 0, troubles: [] });
    expect(isFine(played, findings)).toBe(true);
    expect(findings.attributes).toHaveLength(16);
    expect(Object.keys(findings.applied)).toEqual(['0101', '0102', '0103', '0201', '0202', '0203']);
    expect(findings.corrections.putBack).toBeGreaterThan(0);
    expect(findings.corrections.newRows).toBeGreaterThan(0);
  });

  it('has every kind of fault, and says what was expected of it and what came', async () => {
    const { faults } = await look();
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(Object.keys(badRowCodes)));
    for (const fault of faults) expect(fault.errContent).toMatch(new RegExp(`^${fault.expected} `));
  });

  it('reports what to try next with numbers that exist', async () => {
    const text = reportLines(folder, played, await look()).join('\n');
    expect(text).toContain(`show IF_BNET_CUST 1150 --config ${folder.configFile}`);
    expect(text).toMatch(/show IF_BNET_CUST 2\d{29} --config/);
    expect(text).toContain('Everything is as expected.');
    expect(text).not.toContain('✗');
  });

  it('is not content with a wrong code, a lost row, a lost user or another attribute', async () => {
    await tamper('store', `UPDATE sync_journal SET code = '00205' WHERE code = '00406'`);
    await tamper('store', `DELETE FROM bnet_account WHERE status = 'bound' AND user_id = 'ap'`);
    await tamper('store', `UPDATE bnet_customer_attr SET attr_value = '9' WHERE attr_id = '5001'`);
    await tamper('middle', `UPDATE IF_BNET_CUST SET State = 1 WHERE StreamingNo = '1141'`);
    const findings = await look();
    expect(findings.checks.filter(({ ok }) => !ok).map(({ what }) => what)).toEqual([
      "the specification's examples that succeeded",
      'attributes of product 323002000, exactly as sent',
      'faults refused with the expected code',
      'active products in the product store',
      'bound users in the product store',
    ]);
    expect(isFine(played, findings)).toBe(false);
    expect(reportLines(folder, played, findings).at(-1)).toMatch(/^NOT everything/);
  });

  it('replaces an earlier demo, and never anything else', async () => {
    const again = await makeDemoFolder(folder.path);
    expect(again.config).toEqual(folder.config);
    await writeFile(folder.configFile, 'middle: {}\n');
    await expect(makeDemoFolder(folder.path)).rejects.toThrow(/not from a demo/);
    expect(await readFile(folder.configFile, 'utf8')).toBe('middle: {}\n');
  });
});
