import { describe, expect, it } from 'vitest';
import type { RepairReport } from '../../../src/operator/contract/actions.js';
import { repairLines } from '../../../src/cli/repair-text.js';

const clean = {
  ...{
    dryRun: false,
    action: '7',
    rows: 0,
    customers: 0,
    replayed: 0,
    byOthers: 0,
    alarmsClosed: 0,
    alarmsOpen: 0,
  },
  ...{ examples: [], left: [], cancelled: null, falselyRefused: { rows: 0, takenBack: 0, examples: [] } },
};
const left = {
  table: 'IF_BNET_CUST',
  streamingNo: '2',
  custId: '1\u001B[2J',
  rows: 3,
  why: '00401 CustName 为空',
  reason: 'impossible',
} as const satisfies RepairReport['left'][number];

describe('what a repair says of alarms', () => {
  it.each([
    ['none is open: nothing', clean, false, []],
    ['they are closed', { ...clean, alarmsClosed: 2 }, false, [/^Alarms closed: 2\. Workers go on/]],
    [
      'a part closes none',
      { ...clean, alarmsOpen: 1 },
      true,
      [/open: 1: .*without --customer and --product/],
    ],
    [
      'customers were left',
      { ...clean, alarmsOpen: 1, left: [left] },
      false,
      [/open: 1: customers were left/],
    ],
    ['a new loss', { ...clean, alarmsOpen: 1 }, false, [/open: 1: .*start the repair again/]],
    [
      'one more was raised since they were closed',
      { ...clean, alarmsClosed: 1, alarmsOpen: 1 },
      false,
      [/^Alarms closed: 1/, /open: 1: .*start the repair again/],
    ],
    [
      'it was ended early',
      { ...clean, cancelled: 'signal', alarmsOpen: 1 },
      false,
      [/open: 1: start the repair again\.$/],
    ],
    ['a dry run: nothing', { ...clean, dryRun: true, action: null, alarmsOpen: 1 }, false, []],
  ])('%s', (_case, report, isPartial, expected) => {
    const lines = repairLines(report, isPartial).filter((line) => line.startsWith('Alarms'));
    expect(lines).toEqual(expected.map((line) => expect.stringMatching(line) as string));
  });
});

it('a customer that was left is named with the reason, and cannot write to the terminal', () => {
  const [, line = ''] = repairLines({ ...clean, left: [left] }, false);
  expect(line).toMatch(
    /^CustID .* left as it is, from IF_BNET_CUST 2 on \(3 lost\): .*\(00401 CustName 为空\)\.$/,
  );
  expect(line).not.toContain('\u001B');
});

describe('rows that were refused only because of the loss', () => {
  const examples = [
    { table: 'IF_BNET_ACCOUNT', streamingNo: '7', custId: '1\u001B[2J', opFlag: '0201' },
  ] as const satisfies RepairReport['falselyRefused']['examples'];
  const saying = (report: Partial<RepairReport>, takenBack = 0): string =>
    repairLines({ ...clean, ...report, falselyRefused: { rows: 30, takenBack, examples } }, false).join('\n');

  it('are named, and cannot write to the terminal', () => {
    const text = saying({ dryRun: true, action: null });
    expect(text).toMatch(/ACCOUNT.*7/);
    expect(text).toContain('and 29 more');
    expect(text).not.toContain('\u001B');
  });

  it.each([
    [
      'a dry run says how to take them back',
      { dryRun: true, action: null },
      0,
      /with --take-back they take effect/,
    ],
    ['a repair without it, how they are decided anew', {}, 0, /"bnet-sync requeue" has them decided anew/],
    ['a repair with it, what became of them', {}, 29, /29 took effect in their places/],
  ])('%s', (_case, report, takenBack, expected) => {
    expect(saying(report, takenBack)).toMatch(expected);
  });
});

it('a repair says how many customers had rows applied since', () => {
  const lines = repairLines({ ...clean, rows: 3, customers: 2, replayed: 1 }, false);
  expect(lines[1]).toMatch(/^Of 1 customer rows were applied since/);
});

it('that it was ended early, and by what, is said', () => {
  const lines = repairLines({ ...clean, cancelled: 'signal' }, false);
  expect(lines).toContain('It ended before all was looked at (by signal): start it again for the rest.');
});
