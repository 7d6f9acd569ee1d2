import type { VNode } from 'preact';
import type { NamedTarget, PauseInForce } from '../../operator/contract/state.js';
import { address } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import type { View } from '../view.js';
import { Foreign } from './foreign.js';
import { StoreTime, ZonedHead } from './times.js';

interface PauseTableProps {
  readonly view: View;
  readonly pauses: readonly PauseInForce[];
  /** Offers to resume, to operators. */
  readonly resumable: boolean;
}

/** What is paused, by whom and why. */
export function PauseTable({ view, pauses, resumable }: PauseTableProps): VNode {
  const { t, principal } = view;
  if (pauses.length === 0) return <p class="hint">{t.pauses.empty}</p>;
  const offered = resumable && principal.role === 'operator';
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">{t.pauses.target}</th>
          <ZonedHead t={t} name={t.pauses.since} zone="utc" />
          <th scope="col">{t.pauses.who}</th>
          <th scope="col">{t.common.reason}</th>
          {offered ? <th scope="col" /> : null}
        </tr>
      </thead>
      <tbody>
        {pauses.map(({ target, since, who, reason }) => (
          <tr key={targetLabel(t, target)}>
            <td data-label={t.pauses.target}>{targetLabel(t, target)}</td>
            <td data-label={t.pauses.since}>
              <StoreTime t={t} at={since} bare />
            </td>
            <td data-label={t.pauses.who}>
              <Foreign text={who} />
            </td>
            <td data-label={t.common.reason} class="text">
              <Foreign text={reason} />
            </td>
            {offered ? (
              <td>
                <a class="button" href={address('/pauses/resume', targetParameters(target))}>
                  {t.pauses.resume}
                </a>
              </td>
            ) : null}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What is or would be paused, in words. */
export function targetLabel(t: Texts, target: NamedTarget): string {
  return 'table' in target ? t.pauses.ofTable(target.table) : t.pauses.ofProduct(target.productId);
}

/** What addresses and forms call it. */
export function targetParameters(target: NamedTarget): { table: string } | { product: string } {
  return 'table' in target ? { table: target.table } : { product: target.productId };
}
