import type { VNode } from 'preact';
import type { RowInProcessing } from '../../operator/contract/rows.js';
import { rowAddress } from '../addresses.js';
import { Foreign, KeyText } from '../parts/foreign.js';
import { Layout } from '../parts/layout.js';
import { IdentityCells, IdentityHeads } from '../parts/row-identity.js';
import { durationLabel, MiddleTime, ZonedHead } from '../parts/times.js';
import { Badge } from '../parts/labels.js';
import type { View } from '../view.js';

interface ProcessingProps {
  readonly view: View;
  readonly rows: readonly RowInProcessing[];
  /** The most rows of each table that were asked for. */
  readonly limit: number;
}

/** Rows in State 1 with who holds them, and since when. */
export function ProcessingPage({ view, rows, limit }: ProcessingProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.processing.title} page="processing">
      <p class="hint">{t.processing.explain}</p>
      {rows.length === 0 ? <p class="none">{t.processing.empty}</p> : <Rows view={view} rows={rows} />}
      {rows.length >= limit ? <p class="hint">{t.processing.limited(limit)}</p> : null}
    </Layout>
  );
}

function Rows({ view: { t }, rows }: Pick<ProcessingProps, 'view' | 'rows'>): VNode {
  const { columns } = t;
  return (
    <table class="stack">
      <thead>
        <tr>
          <IdentityHeads t={t} />
          <th scope="col">{columns.age}</th>
          <ZonedHead t={t} name={columns.stateDate} zone="middle" />
          <th scope="col">{columns.shard}</th>
          <th scope="col">{t.processing.holder}</th>
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

function Row({ t, row }: { readonly t: View['t']; readonly row: RowInProcessing }): VNode {
  const { columns } = t;
  return (
    <tr>
      <IdentityCells t={t} row={row} />
      <td data-label={columns.age}>
        {row.ageSeconds === null ? t.common.unknown : durationLabel(t, row.ageSeconds)}
      </td>
      <td data-label={columns.stateDate}>
        <MiddleTime t={t} at={row.stateDate} bare />
      </td>
      <td data-label={columns.shard}>{row.shard}</td>
      <td data-label={t.processing.holder}>
        {row.holder === null ? (
          <Badge kind="warn" text={t.processing.nobody} />
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
