import type { Account } from '../domain/customer.js';
import type { RelatedRow, RowDetails } from '../operator/contract/rows.js';
import { listLines, shown } from './output.js';
import { shortTableName, stateText } from './labels.js';

/** A row's customer as the product store holds it. */
export function recordLines(records: RowDetails['records']): string[] {
  if (records.length === 0) return ['Product store: nothing of this customer.'];
  return [
    'Product store:',
    ...records.flatMap(({ customer, users, more }) => [
      `  ProductID ${customer.productId}, BizID ${shown(customer.bizId)}: ${customer.status}, ${shown(customer.custName)}`,
      ...users.map(userLine),
      ...(more ? ['    and more users'] : []),
    ]),
  ];
}

function userLine({ userId, status, accName }: Account): string {
  return `    user ${shown(userId)}: ${status}, ${shown(accName)}`;
}

const placeText: Readonly<Record<RelatedRow['place'], string>> = { before: '', this: '→', after: '' };

/** The customer's other rows, in its order. */
export function relatedRowLines(relatedRows: readonly RelatedRow[]): string[] {
  if (relatedRows.every(({ place }) => place === 'this')) return ['No other row of this customer.'];
  const list = listLines({
    columns: [
      { head: '' },
      { head: 'Table' },
      { head: 'StreamingNo' },
      { head: 'OPFlag' },
      { head: 'ProductID', optional: true },
      { head: 'UserID', shorten: 14, optional: true },
      { head: 'CreateDate' },
      { head: 'State' },
      { head: 'Decided', optional: true },
      { head: 'ErrContent', shorten: 14, optional: true },
    ],
    rows: relatedRows.map((row) => [
      placeText[row.place],
      shortTableName(row.table),
      row.streamingNo,
      row.opFlag,
      row.productId,
      row.userId,
      row.createDate,
      row.state === null ? 'gone' : stateText(row.state),
      row.decidedAt,
      row.errContent,
    ]),
  });
  return ['Rows of this customer, in order:', ...list];
}
