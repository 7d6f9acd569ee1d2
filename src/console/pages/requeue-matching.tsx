import type { VNode } from 'preact';
import type { RowFilter } from '../../middle/admin-port.js';
import type { MatchReport } from '../../operator/contract/actions.js';
import { failedAddress, filterParameters } from '../filter-form.js';
import { Conditions } from '../parts/conditions.js';
import { FailedTable } from '../parts/failed-table.js';
import { Layout, Notice, Token } from '../parts/layout.js';
import { ReasonField } from '../parts/reason.js';
import { countLabel } from '../parts/labels.js';
import type { View } from '../view.js';

interface MatchingProps {
  readonly view: View;
  readonly filter: RowFilter;
  readonly report: MatchReport;
  /** What was wrong with the form sent before. */
  readonly error?: string;
}

/** Asks once more, with how many rows would be put back, before all that match are. */
export function MatchingPage({ view, filter, report, error }: MatchingProps): VNode {
  const { t } = view;
  const count = countLabel(t, report.matched);
  return (
    <Layout view={view} title={t.requeue.matchingTitle} page="failed">
      {error === undefined ? null : <Notice kind="bad">{error}</Notice>}
      <p>{t.requeue.explain}</p>
      <Conditions t={t} filter={filter} count={count} />
      <p class="hint">{t.requeue.bound}</p>
      {report.matched.rows === 0 && !report.matched.atLeast ? (
        <p class="none">{t.requeue.nothing}</p>
      ) : (
        <Confirmation view={view} filter={filter} count={count} />
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
