import type { VNode } from 'preact';
import type { RowInHand } from '../../../operator/desk.js';
import { rowAddress } from '../addresses.js';
import { Foreign, KeyText } from '../parts/foreign.js';
import { Layout } from '../parts/layout.js';
import { IdentityCells, IdentityHeads } from '../parts/row-identity.js';
import { durationText, MiddleTime, ZonedHead } from '../parts/times.js';
import { Mark } from '../parts/words.js';
import type { View } from '../view.js';

interface InHandProps {
  readonly view: View;
  readonly rows: readonly RowInHand[];
  /** The most rows of each table that were asked for. */
  readonly limit: number;
}

/** Rows in State 1 with who holds them, and since when. */
export function InHandPage({ view, rows, limit }: InHandProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.inHand.title} page="inHand">
      <p class="hint">{t.inHand.explain}</p>
      {rows.length === 0 ? <p class="none">{t.inHand.empty}</p> : <Rows view={view} rows={rows} />}
      {rows.length >= limit ? <p class="hint">{t.inHand.limited(limit)}</p> : null}
    </Layout>
  );
}

function Rows({ view: { t }, rows }: Pick<InHandProps, 'view' | 'rows'>): VNode {
  const { columns } = t;
  return (
    <table class="stack">
      <thead>
        <tr>
          <IdentityHeads t={t} />
          <th scope="col">{columns.age}</th>
          <ZonedHead t={t} name={columns.stateDate} zone="middle" />
          <th scope="col">{columns.shard}</th>
          <th scope="col">{t.inHand.holder}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={rowAddress(row)} t={t} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ t, row }: { readonly t: View['t']; readonly row: RowInHand }): VNode {
  const { columns } = t;
  return (
    <tr>
      <IdentityCells t={t} row={row} />
      <td data-label={columns.age}>
        {row.ageSeconds === null ? t.common.unknown : durationText(t, row.ageSeconds)}
      </td>
      <td data-label={columns.stateDate}>
        <MiddleTime t={t} at={row.stateDate} bare />
      </td>
      <td data-label={columns.shard}>{row.shard}</td>
      <td data-label={t.inHand.holder}>
        {row.holder === null ? (
          <Mark kind="warn" text={t.inHand.nobody} />
        ) : (
          <>
            <Foreign text={row.host} />{' '}
            <small>
              <KeyText text={row.holder} />
            </small>
          </>
        )}
      </td>
    </tr>
  );
}
