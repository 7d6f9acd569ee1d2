import type { VNode } from 'preact';
import type { RowDetails, DeferredRow } from '../../operator/contract/rows.js';
import { address, rowAddress, rowName } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import type { View } from '../view.js';
import { Foreign, KeyText } from './foreign.js';
import { Notice } from './layout.js';
import { StoreTime } from './times.js';
import { Badge, shortTable } from './labels.js';

/** Where a row did not go through, and why, in words. */
export function CauseWords(props: {
  readonly t: Texts;
  readonly row: Pick<DeferredRow, 'stage' | 'cause'>;
}): VNode {
  const { t, row } = props;
  const kind = row.cause === 'locked' ? 'warn' : 'bad';
  return <Badge kind={kind} text={t.deferred.stages[row.stage][row.cause]} />;
}

/** Leads to the question whether a row shall be tried at once. */
export function RetryLink({ t, row }: { readonly t: Texts; readonly row: DeferredRow }): VNode {
  return (
    <a class="button" href={address('/deferred/retry', { row: rowName(row) })}>
      {t.deferred.retry}
    </a>
  );
}

/** That a row is deferred, or waits for one of its customer that is. */
export function DeferralNote({ view, row }: { readonly view: View; readonly row: RowDetails }): VNode | null {
  const { t, principal } = view;
  const { deferred, heldBackBy } = row;
  if (deferred === null && heldBackBy.length === 0) return null;
  return (
    <Notice kind="warn">
      {deferred === null ? null : (
        <>
          <strong>{t.deferred.isDeferred}</strong> <CauseWords t={t} row={deferred} />
          <p class="text code">
            <Foreign text={deferred.reason} />
          </p>
          <p>
            {t.deferred.since} <StoreTime t={t} at={deferred.since} /> ·{' '}
            {t.deferred.triedTimes(deferred.tries)} · {t.deferred.nextAt}{' '}
            <StoreTime t={t} at={deferred.nextAt} />
          </p>
          <p>{t.deferred.hints[deferred.cause]}</p>
          {principal.role === 'operator' ? (
            <p>
              <RetryLink t={t} row={deferred} />
            </p>
          ) : null}
        </>
      )}
      {heldBackBy.length === 0 ? null : (
        <>
          <p>{t.deferred.waitsFor}</p>
          <ul>
            {heldBackBy.map((other) => (
              <li key={rowName(other)}>
                <a href={rowAddress(other)}>
                  {shortTable(other.table)} <KeyText text={other.streamingNo} />
                </a>{' '}
                <CauseWords t={t} row={other} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Notice>
  );
}
