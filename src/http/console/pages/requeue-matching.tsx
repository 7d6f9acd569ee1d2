import type { VNode } from 'preact';
import type { RowFilter } from '../../../middle/port.js';
import type { MatchReport } from '../../../operator/desk.js';
import { failedAddress, filterFields, filterParameters, type FilterField } from '../filter-form.js';
import { FailedTable } from '../parts/failed-table.js';
import { Foreign } from '../parts/foreign.js';
import { Layout, Notice, Token } from '../parts/layout.js';
import { ReasonField } from '../parts/reason.js';
import { countText } from '../parts/words.js';
import { counted } from '../texts/words.js';
import type { Texts } from '../texts/texts.js';
import type { View } from '../view.js';

interface MatchingProps {
  readonly view: View;
  readonly filter: RowFilter;
  readonly report: MatchReport;
  /** What was wrong with the form sent before. */
  readonly fault?: string;
}

/** Asks once more, with how many rows would be put back, before all that match are. */
export function MatchingPage({ view, filter, report, fault }: MatchingProps): VNode {
  const { t } = view;
  const count = countText(t, report.matched);
  return (
    <Layout view={view} title={t.requeue.matchingTitle} page="failed">
      {fault === undefined ? null : <Notice kind="bad">{fault}</Notice>}
      <p>{t.requeue.explain}</p>
      <Conditions t={t} filter={filter} count={count} />
      {report.matched.atLeast ? (
        <Notice kind="warn">{t.requeue.limit(counted(report.matched.rows))}</Notice>
      ) : null}
      {report.matched.rows === 0 ? (
        <p class="none">{t.requeue.nothing}</p>
      ) : (
        <Confirmation view={view} filter={filter} count={counted(report.matched.rows)} />
      )}
      {report.examples.length === 0 ? null : (
        <section>
          <h2>{t.requeue.examples}</h2>
          <FailedTable t={t} rows={report.examples} />
        </section>
      )}
    </Layout>
  );
}

/** What became of all that matched. */
export function MatchedPage({ view, filter, report }: MatchingProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.requeue.matchingTitle} page="failed">
      <Notice kind={report.requeued > 0 ? 'good' : 'warn'}>{t.requeue.done(report.requeued)}</Notice>
      {report.notRequeued > 0 ? (
        <Notice kind="warn">
          {t.requeue.notDone(report.notRequeued)} {t.requeue.changedMeanwhile}
        </Notice>
      ) : null}
      {report.matched.atLeast ? (
        <Notice kind="warn">{t.requeue.limit(counted(report.matched.rows))}</Notice>
      ) : null}
      <Conditions t={t} filter={filter} count={countText(t, report.matched)} />
      <p>
        <a class="button" href={failedAddress(filter)}>
          {t.requeue.backToList}
        </a>
      </p>
    </Layout>
  );
}

function Confirmation(props: {
  readonly view: View;
  readonly filter: RowFilter;
  readonly count: string;
}): VNode {
  const { view, filter, count } = props;
  return (
    <form method="post" action="/requeue-matching" class="act">
      <Token view={view} />
      {Object.entries(filterParameters(filter)).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <ReasonField view={view} />
      <div class="actions">
        <button class="primary">{view.t.requeue.confirm(count)}</button>
        <a class="button" href={failedAddress(filter)}>
          {view.t.common.cancel}
        </a>
      </div>
    </form>
  );
}

interface ConditionsProps {
  readonly t: Texts;
  readonly filter: RowFilter;
  readonly count: string;
}

function Conditions({ t, filter, count }: ConditionsProps): VNode {
  const parameters = filterParameters(filter);
  const named = filterFields.flatMap((field) => {
    const value = parameters[field];
    return value === undefined ? [] : [{ field, value }];
  });
  return (
    <dl class="facts">
      <dt>{t.requeue.conditions}</dt>
      <dd>
        {named.length === 0
          ? t.requeue.allFailed
          : named.map(({ field, value }) => (
              <span class="condition" key={field}>
                {labelOf(t, field)} = <Foreign text={value} />
              </span>
            ))}
      </dd>
      <dt>{t.requeue.matched}</dt>
      <dd>
        <strong>{t.common.rows(count === '1' ? 1 : count)}</strong>
      </dd>
    </dl>
  );
}

function labelOf(t: Texts, field: FilterField): string {
  const labels: Readonly<Record<FilterField, string>> = {
    table: t.columns.table,
    code: t.failed.code,
    product: t.columns.product,
    customer: t.columns.customer,
    user: t.columns.user,
    opFlag: t.columns.opFlag,
    since: t.failed.since,
    until: t.failed.until,
    text: t.failed.text,
  };
  return labels[field];
}
