import type { VNode } from 'preact';
import type { JournalledAttempt, RelatedRow } from '../../operator/contract/rows.js';
import { rowAddress } from '../addresses.js';
import { ChineseText, KeyText } from '../parts/foreign.js';
import { MiddleTime, StoreTime, ZonedHead } from '../parts/times.js';
import { Badge, operationLabel, shortTable, StateMark } from '../parts/labels.js';
import type { Texts } from '../texts/texts.js';

interface HistoryProps {
  readonly t: Texts;
  readonly journal: readonly JournalledAttempt[];
}

/** Every attempt at the row that was decided. */
export function History({ t, journal }: HistoryProps): VNode {
  return (
    <section>
      <h2>
        {t.row.journal} <small>{t.row.journalHint}</small>
      </h2>
      {journal.length === 0 ? (
        <p class="hint">{t.row.noJournal}</p>
      ) : (
        <table class="stack">
          <thead>
            <tr>
              <ZonedHead t={t} name={t.columns.decidedAt} zone="utc" />
              <ZonedHead t={t} name={t.row.attempt} zone="middle" />
              <th scope="col">{t.columns.opFlag}</th>
              <th scope="col">{t.row.outcome}</th>
              <th scope="col">{t.row.validity}</th>
              <th scope="col">{t.columns.errContent}</th>
              <th scope="col">{t.columns.worker}</th>
            </tr>
          </thead>
          <tbody>
            {journal.map((line) => (
              <Attempt key={line.attempt} t={t} line={line} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Attempt({ t, line }: { readonly t: Texts; readonly line: JournalledAttempt }): VNode {
  return (
    <tr>
      <td data-label={t.columns.decidedAt}>
        <StoreTime t={t} at={line.decidedAt} bare />
      </td>
      <td data-label={t.row.attempt}>
        <MiddleTime t={t} at={line.attempt} bare />
      </td>
      <td data-label={t.columns.opFlag} class="flag">
        {operationLabel(t, line.opFlag)}
      </td>
      <td data-label={t.row.outcome}>
        <Badge kind={line.outcome === 'applied' ? 'good' : 'bad'} text={t.outcomes[line.outcome]} />
      </td>
      <td data-label={t.row.validity} class="flag">
        {line.superseded ? t.row.superseded : t.row.current}
      </td>
      <td data-label={t.columns.errContent} class="text">
        <ChineseText text={line.errContent} />
      </td>
      <td data-label={t.columns.worker}>
        <KeyText text={line.worker} />
      </td>
    </tr>
  );
}

interface RelatedRowsProps {
  readonly t: Texts;
  readonly relatedRows: readonly RelatedRow[];
}

/** The customer's rows around this one, in the order they take effect in. */
export function RelatedRows({ t, relatedRows }: RelatedRowsProps): VNode {
  const { columns } = t;
  if (!relatedRows.some(({ place }) => place !== 'this'))
    return (
      <section>
        <h2>{t.row.relatedRows}</h2>
        <p class="hint">{t.row.noRelatedRows}</p>
      </section>
    );
  return (
    <section>
      <h2>{t.row.relatedRows}</h2>
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">{t.row.place}</th>
            <ZonedHead t={t} name={columns.createDate} zone="middle" />
            <th scope="col">{columns.table}</th>
            <th scope="col">{columns.streamingNo}</th>
            <th scope="col">{columns.opFlag}</th>
            <th scope="col">{columns.product}</th>
            <th scope="col">{columns.user}</th>
            <th scope="col">{columns.state}</th>
            <ZonedHead t={t} name={columns.decidedAt} zone="utc" />
          </tr>
        </thead>
        <tbody>
          {relatedRows.map((relatedRow) => (
            <RelatedRowLine key={rowAddress(relatedRow)} t={t} relatedRow={relatedRow} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function RelatedRowLine({
  t,
  relatedRow: relatedRow,
}: {
  readonly t: Texts;
  readonly relatedRow: RelatedRow;
}): VNode {
  const { columns } = t;
  const here = relatedRow.place === 'this';
  return (
    <tr {...(here ? { class: 'here', 'aria-current': 'true' } : {})}>
      <td data-label={t.row.place} class="flag">
        {t.row.places[relatedRow.place]}
      </td>
      <td data-label={columns.createDate}>
        <MiddleTime t={t} at={relatedRow.createDate} bare />
      </td>
      <td data-label={columns.table}>{shortTable(relatedRow.table)}</td>
      <td data-label={columns.streamingNo}>
        {here ? (
          <KeyText text={relatedRow.streamingNo} />
        ) : (
          <a href={rowAddress(relatedRow)}>
            <KeyText text={relatedRow.streamingNo} />
          </a>
        )}
      </td>
      <td data-label={columns.opFlag} class="flag">
        {operationLabel(t, relatedRow.opFlag)}
      </td>
      <td data-label={columns.product}>
        <KeyText text={relatedRow.productId} />
      </td>
      <td data-label={columns.user}>
        <KeyText text={relatedRow.userId} />
      </td>
      <td data-label={columns.state} class="text">
        {relatedRow.state === null ? t.row.leftMiddle : <StateMark t={t} state={relatedRow.state} />}{' '}
        <small>
          <ChineseText text={relatedRow.errContent} />
        </small>
      </td>
      <td data-label={columns.decidedAt}>
        <StoreTime t={t} at={relatedRow.decidedAt} bare />
      </td>
    </tr>
  );
}
