import { describe, expect, it } from 'vitest';
import { defaultModelRules, runModel, type ModelRow, type ModelRules } from './sequential-model.js';

let nextNumber = 0;

function row(opFlag: string | null, fields: Partial<ModelRow> = {}): ModelRow {
  nextNumber += 1;
  const source = opFlag?.startsWith('02') === true ? 'ACCOUNT' : 'CUST';
  return {
    source,
    streamingNo: String(nextNumber),
    productId: '200',
    bizId: '666666',
    areaCode: null,
    custId: '6',
    custAccount: source === 'CUST' ? 'aptest' : null,
    custName: source === 'CUST' ? '测试企业' : null,
    userId: source === 'ACCOUNT' ? 'ap' : null,
    accType: source === 'ACCOUNT' ? '1' : null,
    accName: source === 'ACCOUNT' ? '马汉' : null,
    opFlag,
    attributes: [],
    ...fields,
  };
}

const spec = (attrSpecId: string, attrId: string, attrValue: string | null) => ({
  attrId,
  attrSpecId,
  attrValue,
});

function codes(rows: readonly ModelRow[], rules: Partial<ModelRules> = {}): (string | null)[] {
  return runModel(rows, { ...defaultModelRules, ...rules }).outcomes.map(({ code }) => code);
}

describe('the sequential model', () => {
  it('applies a whole life of a product and keeps everything for the record', () => {
    const rows = [
      row('0101', { areaCode: '57102', attributes: [spec('11', '1', 'a')] }),
      row('0201', { attributes: [spec('21', '1', 'u')] }),
      row('0202', { accName: '张三', accType: null }),
      row('0203'),
      row('0103'),
    ];
    const { outcomes, store } = runModel(rows);
    expect(outcomes.map(({ code }) => code)).toEqual([null, null, null, null, null]);
    const identity = { productId: '200', custId: '6', bizId: '666666' };
    expect(store).toEqual({
      customers: [
        {
          ...identity,
          areaCode: '57102',
          custAccount: 'aptest',
          custName: '测试企业',
          status: 'cancelled',
          lastStreamingNo: rows[4]!.streamingNo,
          attributes: [spec('11', '1', 'a')],
        },
      ],
      accounts: [
        {
          ...identity,
          userId: 'ap',
          areaCode: null,
          accType: '1',
          accName: '张三',
          status: 'unbound',
          lastStreamingNo: rows[3]!.streamingNo,
          attributes: [spec('21', '1', 'u')],
        },
      ],
    });
  });

  it('opens a cancelled product anew, without its old attributes and area code', () => {
    const { store } = runModel([
      row('0101', { areaCode: '020', attributes: [spec('11', '1', 'old')] }),
      row('0103'),
      row('0101', { attributes: [spec('12', '2', 'new')] }),
    ]);
    expect(store.customers).toMatchObject([
      { status: 'active', areaCode: null, attributes: [spec('12', '2', 'new')] },
    ]);
  });

  it('binds an unbound user anew, with exactly the attributes given', () => {
    const { store } = runModel([
      row('0101'),
      row('0201', { attributes: [spec('21', '1', 'old')] }),
      row('0203'),
      row('0201', { accType: '2' }),
    ]);
    expect(store.accounts).toMatchObject([{ status: 'bound', accType: '2', attributes: [] }]);
  });

  it('refuses what the product is not in the state for', () => {
    expect(codes([row('0102'), row('0103'), row('0201'), row('0202'), row('0203')])).toEqual(
      Array(5).fill('00402'),
    );
    expect(codes([row('0101'), row('0101'), row('0201'), row('0201')])).toEqual([
      null,
      '00404',
      null,
      '00404',
    ]);
    expect(codes([row('0101'), row('0103'), row('0102'), row('0103'), row('0201')])).toEqual([
      null,
      null,
      '00402',
      '00402',
      '00402',
    ]);
    expect(codes([row('0101'), row('0201'), row('0203'), row('0202'), row('0203')])).toEqual([
      null,
      null,
      null,
      '00402',
      '00402',
    ]);
  });

  it('refuses a cancel while users are bound, or unbinds them where the rule says so', () => {
    const rows = [row('0101'), row('0201'), row('0201', { userId: 'b' }), row('0203'), row('0103')];
    expect(codes(rows)).toEqual([null, null, null, null, '00405']);
    const { outcomes, store } = runModel(rows, { ...defaultModelRules, onCancelWithUsers: 'unbind' });
    expect(outcomes.at(-1)?.code).toBeNull();
    expect(
      store.accounts.map(({ userId, status, lastStreamingNo }) => [userId, status, lastStreamingNo]),
    ).toEqual([
      ['ap', 'unbound', rows[3]!.streamingNo],
      ['b', 'unbound', rows[4]!.streamingNo],
    ]);
  });

  it('treats a second open and a second bind as changes where the rules say so', () => {
    const rows = [
      row('0101', { attributes: [spec('11', '1', 'a'), spec('12', '2', 'b')] }),
      row('0201', { areaCode: '020' }),
      row('0101', { custName: '新名', attributes: [spec('11', '3', 'c')] }),
      row('0201', { accName: '李四' }),
    ];
    const rules: ModelRules = { ...defaultModelRules, onDuplicateOpen: 'update', onDuplicateBind: 'update' };
    const { outcomes, store } = runModel(rows, rules);
    expect(outcomes.map(({ code }) => code)).toEqual([null, null, null, null]);
    expect(store.customers[0]).toMatchObject({
      custName: '新名',
      attributes: [spec('11', '3', 'c'), spec('12', '2', 'b')],
    });
    expect(store.accounts[0]).toMatchObject({ accName: '李四', areaCode: '020' });
  });

  it('limits bound users by the customer attribute that the rule names, and by nothing else', () => {
    const limited = (value: string) => [
      row('0101', { attributes: [spec('99', '1', value)] }),
      row('0201', { userId: 'a' }),
      row('0201', { userId: 'b' }),
    ];
    const rules = { userLimitAttrSpecId: '99' };
    expect(codes(limited('1'), rules)).toEqual([null, null, '00406']);
    expect(codes(limited('0'), rules)).toEqual([null, '00406', '00406']);
    expect(codes(limited('many'), rules)).toEqual([null, null, null]);
    expect(codes(limited('1'))).toEqual([null, null, null]);
    const freed = [...limited('1').slice(0, 2), row('0203', { userId: 'a' }), row('0201', { userId: 'b' })];
    expect(codes(freed, rules)).toEqual([null, null, null, null]);
  });

  it('replaces all values of the specs that a change gives, and keeps the others', () => {
    const rows = [
      row('0101', { attributes: [spec('11', '2', 'y'), spec('11', '1', 'x'), spec('12', '3', 'z')] }),
      row('0102', { attributes: [spec('11', '5', ''), spec('11', '4', 'w')] }),
    ];
    const changed = [spec('11', '4', 'w'), spec('11', '5', null)];
    expect(runModel(rows).store.customers[0]?.attributes).toEqual([...changed, spec('12', '3', 'z')]);
    const replaced = runModel(rows, { ...defaultModelRules, attributes: 'replace' });
    expect(replaced.store.customers[0]?.attributes).toEqual(changed);
  });

  it('keeps what a change leaves out or leaves blank', () => {
    const { store } = runModel([
      row('0101', { areaCode: '020' }),
      row('0102', { areaCode: ' ', custName: null, custAccount: '' }),
    ]);
    expect(store.customers[0]).toMatchObject({
      areaCode: '020',
      custName: '测试企业',
      custAccount: 'aptest',
    });
  });

  it('refuses a missing or blank field with 00401, before anything else that is wrong', () => {
    const faults = [
      row(null),
      row('0101', { custAccount: null }),
      row('0101', { custName: '  ' }),
      row('0101', { bizId: '', areaCode: '571020' }),
      row('0103', { productId: null }),
      row('0203', { custId: null }),
      row('0203', { userId: null }),
      row('0201', { accType: null }),
      row('0201', { accName: null }),
      row('0102', { attributes: [{ attrId: '1', attrSpecId: null, attrValue: 'x' }] }),
    ];
    expect(codes(faults)).toEqual(faults.map(() => '00401'));
  });

  it('refuses a malformed field with 00403, before it looks at the store', () => {
    const faults = [
      row('0104'),
      row('0204', { source: 'ACCOUNT' }),
      row('0101', { source: 'ACCOUNT' }),
      row('0102', { areaCode: '571020' }),
      row('0102', { bizId: '1'.repeat(21) }),
      row('0102', { custId: '007' }),
      row('0102', { productId: '1'.repeat(31) }),
      row('0201', { accType: '3' }),
      row('0203', { accType: '3' }),
      row('0202', { accName: 'a\u0000' }),
      row('0102', { attributes: [spec('A1', '1', 'x')] }),
      row('0102', { attributes: [spec('11', '1', 'x'.repeat(101))] }),
    ];
    expect(codes(faults)).toEqual(faults.map(() => '00403'));
  });

  it('counts characters, so that 128 characters of four bytes are not too long', () => {
    expect(codes([row('0101', { custName: '𠮷'.repeat(128) })])).toEqual([null]);
    expect(codes([row('0101', { custName: '𠮷'.repeat(129) })])).toEqual(['00403']);
  });

  it('keeps products of other customers, products and billing ids apart', () => {
    const rows = [
      row('0101'),
      row('0102', { custId: '7' }),
      row('0102', { productId: '201' }),
      row('0102', { bizId: '1' }),
    ];
    expect(codes(rows)).toEqual([null, '00402', '00402', '00402']);
  });
});
