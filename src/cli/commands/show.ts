import type { Command } from 'commander';
import type { Source } from '../../domain/keys.js';
import type { JournalledAttempt, RowColumns, RowDetails } from '../../operator/contract/rows.js';
import { numberArgument, tableArgument } from '../arguments.js';
import { relatedRowLines, recordLines } from '../customer-text.js';
import { standingLines } from '../deferred-text.js';
import { ExitCode } from '../exit-codes.js';
import { printJson, printLines, shown } from '../output.js';
import { withOperator } from '../session.js';
import { operationText, stateText } from '../labels.js';

/** Options and action of `show`. */
export function configure(command: Command): void {
  command
    .argument('<table>', 'IF_BNET_CUST or IF_BNET_ACCOUNT', tableArgument)
    .argument('<streamingNo>', 'its StreamingNo', numberArgument)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bnet-sync show IF_BNET_CUST 1141 --config bnet-sync.yaml')
    .action(async (source: Source, streamingNo: string, options: { json?: true }) => {
      await withOperator(command, async (operator) => {
        const report = await operator.row({ source, streamingNo });
        if (options.json === true) printJson(report);
        else printLines(...reportLines(report));
        if (report.rows.length === 0) process.exitCode = ExitCode.Failed;
      });
    });
}

function reportLines(page: RowDetails): string[] {
  const { table, streamingNo, rows, journal, records, relatedRows } = page;
  const present = rows.length === 0 ? [`There is no row ${streamingNo} in ${table}.`] : [];
  const several = rows.length > 1 ? [`${rows.length} rows of ${table} share this StreamingNo.`] : [];
  const history =
    journal.length === 0
      ? ['Journal: no entry.']
      : ['Journal, newest attempt first:', ...journal.flatMap(lineOf)];
  // A row of no customer has no related rows, not even itself.
  const customer =
    relatedRows.length === 0 ? [] : ['', ...recordLines(records), '', ...relatedRowLines(relatedRows)];
  return [
    ...present,
    ...several,
    ...rows.flatMap((row) => [table, ...rowLines(row), '']),
    ...standingLines(page),
    ...history,
    ...customer,
  ];
}

function rowLines(row: RowColumns): string[] {
  const isCustomer = row.table === 'IF_BNET_CUST';
  const columns: [string, string | null][] = [
    ['StreamingNo', row.streamingNo],
    ['OPFlag', operationText(row.opFlag)],
    ['ProductID', row.productId],
    ['BizID', row.bizId],
    ['CustID', row.custId],
    ['AreaCode', row.areaCode],
    ...(isCustomer ? customerColumns(row) : accountColumns(row)),
    ['CreateDate', row.createDate],
    ['State', stateText(row.state)],
    ['StateDate', row.stateDate],
    ['ErrContent', row.errContent],
    ['Remark', row.remark],
  ];
  const idName = isCustomer ? 'CustAttrID' : 'AccAttrID';
  const attributes = row.attributes.map(
    ({ attrId, attrSpecId, attrValue }) =>
      `    ${shown(attrSpecId)} = ${shown(attrValue)}  (${idName} ${shown(attrId)})`,
  );
  return [
    ...columns.map(([name, value]) => `  ${name.padEnd(nameWidth)}${shown(value)}`.trimEnd()),
    ...(attributes.length === 0 ? [] : ['  Attributes (AttrSpecID = AttrValue)', ...attributes]),
  ];
}

const nameWidth = 'StreamingNo'.length + 2;

function customerColumns(row: RowColumns): [string, string | null][] {
  return [
    ['CustAccount', row.custAccount],
    ['CustName', row.custName],
  ];
}

function accountColumns(row: RowColumns): [string, string | null][] {
  return [
    ['UserID', row.userId],
    ['AccType', row.accType],
    ['AccName', row.accName],
  ];
}

function lineOf(line: JournalledAttempt): string[] {
  const closed = line.superseded ? ', superseded' : '';
  const first = `  attempt ${line.attempt}: ${line.outcome}, decided ${line.decidedAt} by ${shown(line.worker)}${closed}`;
  return line.errContent === null ? [first] : [first, `    ${shown(line.errContent)}`];
}
