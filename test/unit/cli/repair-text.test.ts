import { describe, expect, it } from 'vitest';
import type { RepairReport } from '../../../src/operator/contract/actions.js';
import { repairLines } from '../../../src/cli/repair-text.js';

const clean = {
  ...{ dryRun: false, action: '7', rows: 0, customers: 0, replayed: 0, byOthers: 0, alarmsClosed: 0, alarmsOpen: 0 },
  ...{ examples: [], left: [] },
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
