import { compareRows, shardOf, type RowKey } from '../../../src/domain/keys.js';
import { broughtBy, waitsFor } from '../../../src/domain/waiting.js';
import { grouped, rowName, type Observations, type PlatformRow } from '../../fault/observations.js';

/*
 * The model has few rows and one customer. So a history is looked at through windows: consecutive rows of a customer, in
 * their order. Rows outside of a window are hidden: the worker's steps are then as if some rows were missing.
 */

/** Rows of one customer that follow one another. */
export interface Window {
  readonly custId: string;
  readonly shard: number;
  /** At most `rowsInWindow`, in the customer's order. */
  readonly rows: readonly PlatformRow[];
  /** Bit later * rowsInWindow + earlier: the later row may overtake the earlier one, which waits for it. */
  readonly overtakes: number;
  /** No mark of one of these rows was swallowed or undone, which shows only when later ones have landed. */
  readonly judgesMarkOrder: boolean;
}

/** As many rows as the model is compiled for. */
export const rowsInWindow = 3;

/** The windows of a history. Rows whose CustID is corrected, or that came with a State of their own, are in none. */
export function windowsOf(observations: Observations): readonly Window[] {
  const isSingle = ({ versions, planted }: PlatformRow) =>
    planted === null && new Set(versions.map(({ custId }) => custId)).size === 1;
  const byCustomer = grouped(observations.rows.filter(isSingle), ({ versions }) => versions[0]?.custId ?? '');
  return [...byCustomer].flatMap(([custId, rows]) =>
    custId === '' ? [] : windowsOfCustomer(custId, [...rows].sort(compareRows), observations),
  );
}

function windowsOfCustomer(
  custId: string,
  ordered: readonly PlatformRow[],
  observations: Observations,
): readonly Window[] {
  const { settings, troubles } = observations;
  const unseen = new Set(
    troubles
      .filter(({ kind }) => kind === 'mark swallowed' || kind === 'mark undone')
      .map(({ source, streamingNo }) => rowName({ source, streamingNo: streamingNo ?? '' })),
  );
  const waiting =
    settings.dependencyGraceMs === 0
      ? []
      : observations.rows.filter(({ versions }) => versions.some((content) => content.custId === custId));
  const count = Math.max(1, ordered.length - rowsInWindow + 1);
  return Array.from({ length: count }, (_, start): Window => {
    const rows = ordered.slice(start, start + rowsInWindow);
    return {
      ...{ custId, rows, shard: shardOf(custId, settings.shards) },
      overtakes: overtakesOf(rows, waiting),
      judgesMarkOrder: !rows.some((row) => unseen.has(rowName(row))),
    };
  });
}

/** A row that another one may wait for overtakes all rows of the customer, which wait with that one. */
function overtakesOf(rows: readonly PlatformRow[], waiting: readonly PlatformRow[]): number {
  let bits = 0;
  for (const [later, row] of rows.entries()) {
    const brings = new Set(contentsOf(row).map(broughtBy));
    const isAwaited = waiting.some((other) =>
      contentsOf(other).some((content) => waitsFor(content).some((key) => brings.has(key))),
    );
    if (isAwaited) bits |= ((1 << later) - 1) << (later * rowsInWindow);
  }
  return bits;
}

function contentsOf({ source, versions }: PlatformRow) {
  return versions.map((content) => ({ source, ...content }));
}

/** The letter of a row in a window; null: it is hidden. */
export function letterOf({ rows }: Window, key: RowKey): string | null {
  const index = rows.findIndex(
    ({ source, streamingNo }) => source === key.source && streamingNo === key.streamingNo,
  );
  return index === -1 ? null : String.fromCharCode(97 + index);
}
