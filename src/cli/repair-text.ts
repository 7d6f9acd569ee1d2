import type { RepairReport } from '../operator/contract/actions.js';
import { quantity, operationText, shortTableName } from './labels.js';
import { shown, tableLines } from './output.js';

const reasonWords: Readonly<Record<RepairReport['left'][number]['reason'], string>> = {
  historyIncomplete:
    'rows of the customer were applied after the lost ones, and nothing tells for certain what it should be',
  impossible: 'it cannot take effect where it belongs',
  busy: 'rows of the customer were decided each time',
};

/** What a repair did, or would do, in lines. `isPartial`: it was of one customer or product, and closes no alarm. */
export function repairLines(report: RepairReport, isPartial: boolean): readonly string[] {
  const { dryRun, rows, customers, replayed, examples, left, byOthers, action, cancelled } = report;
  const verb = dryRun ? 'would take' : 'took';
  const found =
    rows === 0 && left.length === 0
      ? 'No lost row was found.'
      : `${quantity(rows, 'lost row')} of ${quantity(customers, 'customer')} ${verb} effect once more.`;
  const listed = tableLines(examples, [
    { head: 'Table', of: (row) => shortTableName(row.table) },
    { head: 'StreamingNo', of: (row) => row.streamingNo },
    { head: 'CustID', of: (row) => row.custId },
    { head: 'Operation', optional: true, of: (row) => operationText(row.opFlag) },
    { head: 'Marked', of: (row) => row.stateDate },
  ]);
  const more = rows > examples.length ? [`and ${rows - examples.length} more`] : [];
  return [
    ...(examples.length === 0 ? [] : [...listed, ...more]),
    found,
    ...(cancelled === null
      ? []
      : [`It ended before all was looked at (by ${shown(cancelled)}): start it again for the rest.`]),
    ...(replayed === 0
      ? []
      : [
          `Of ${quantity(replayed, 'customer')} rows were applied since; their records are what all of their rows lead to in the right order.`,
        ]),
    ...refusedLines(report),
    ...leftLines(left),
    ...(byOthers === 0
      ? []
      : [
          `${byOthers} finished rows that the journal does not know were finished by others; --all would take them for ours.`,
        ]),
    ...(dryRun ? ['Nothing was changed.'] : alarmLines(report, isPartial)),
    ...(action === null ? [] : [`Recorded as action ${action}.`]),
  ];
}

function refusedLines({ dryRun, falselyRefused }: RepairReport): readonly string[] {
  const { rows, takenBack, examples } = falselyRefused;
  if (rows === 0) return [];
  const table = tableLines(examples, [
    { head: 'Table', of: (row) => shortTableName(row.table) },
    { head: 'StreamingNo', of: (row) => row.streamingNo },
    { head: 'CustID', of: (row) => row.custId },
    { head: 'Operation', optional: true, of: (row) => operationText(row.opFlag) },
  ]);
  const whatToDo = dryRun
    ? 'with --take-back they take effect in their places and are answered 2. Look first whether the platform has sent them again.'
    : takenBack > 0
      ? `${takenBack} took effect in their places and were put back to State 0: workers answer them 2.`
      : '"bnet-sync requeue" has them decided anew.';
  const more = rows > examples.length ? [`and ${rows - examples.length} more`] : [];
  return [
    ...table,
    ...more,
    `${quantity(rows, 'row')} of these customers, refused since, were refused only because of the loss: ${whatToDo}`,
  ];
}

function leftLines(left: RepairReport['left']): string[] {
  return left.map(({ table, streamingNo, custId, reason, rows, why }) => {
    const detail = why === null ? '' : ` (${why})`;
    return `CustID ${shown(custId)} was left as it is, from ${table} ${streamingNo} on (${rows} lost): ${reasonWords[reason]}${detail}.`;
  });
}

function alarmLines(
  { alarmsClosed, alarmsOpen, left, cancelled }: RepairReport,
  isPartial: boolean,
): string[] {
  const closed =
    alarmsClosed === 0
      ? []
      : [`Alarms closed: ${alarmsClosed}. Workers go on at their next check, within 4 seconds.`];
  if (alarmsOpen === 0) return closed;
  const whatToDo = isPartial
    ? 'a repair without --customer and --product closes them.'
    : left.length > 0
      ? 'customers were left as they are.'
      : cancelled !== null
        ? 'start the repair again.'
        : 'finished rows are still missing, or a worker has found a new loss; start the repair again.';
  return [...closed, `Alarms still open: ${alarmsOpen}: ${whatToDo}`];
}
