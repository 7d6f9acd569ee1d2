import type { VNode } from 'preact';
import type { Requeued } from '../../operator/contract/actions.js';
import { rowAddress } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import { KeyText } from './foreign.js';
import { Notice } from './layout.js';
import { StoreTime } from './times.js';
import { operationLabel, shortTable } from './labels.js';

/** Warns that a requeued row takes effect after rows of its customer that came later. */
export function LaterRows({
  t,
  rows,
}: {
  readonly t: Texts;
  readonly rows: Requeued['appliedSince'];
}): VNode | null {
  if (rows.length === 0) return null;
  return (
    <Notice kind="warn">
      {t.requeue.laterApplied}
      <ul>
        {rows.map((row) => (
          <li key={rowAddress(row)}>
            <a href={rowAddress(row)}>
              {shortTable(row.table)} <KeyText text={row.streamingNo} />
            </a>{' '}
            {operationLabel(t, row.opFlag)} · <StoreTime t={t} at={row.decidedAt} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}
