import type { VNode } from 'preact';
import type { RowFilter } from '../../middle/admin-port.js';
import { filterFields, filterParameters, type FilterField } from '../filter-form.js';
import type { Texts } from '../texts/texts.js';
import { Foreign } from './foreign.js';

interface ConditionsProps {
  readonly t: Texts;
  readonly filter: RowFilter;
  /** How many rows match, where that is known. */
  readonly count?: string;
}

/** The conditions of a filter by the names that the list of failed rows has for them. */
export function Conditions({ t, filter, count }: ConditionsProps): VNode {
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
      {count === undefined ? null : (
        <>
          <dt>{t.requeue.matched}</dt>
          <dd>
            <strong>{t.common.rows(count === '1' ? 1 : count)}</strong>
          </dd>
        </>
      )}
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
