import type { VNode } from 'preact';
import { resultCodes } from '../../domain/result-codes.js';
import { sources, tableOf } from '../../domain/keys.js';
import type { RowList } from '../../operator/contract/rows.js';
import { noCode } from '../../operator/inputs.js';
import { address } from '../addresses.js';
import { failedAddress, filterParameters, type FilterField, type FilterForm } from '../filter-form.js';
import { FailedTable } from '../parts/failed-table.js';
import { Layout, Notice } from '../parts/layout.js';
import { operationLabel } from '../parts/labels.js';
import type { View } from '../view.js';

interface FailedProps {
  readonly view: View;
  readonly form: FilterForm;
  /** Null: the filter cannot be used as it is. */
  readonly list: RowList | null;
  /** This is not the first part of the list. */
  readonly continued: boolean;
  /** The place asked for was none. */
  readonly badCursor?: boolean;
}

const selection = 'selection';

/** Failed rows with filters, part after part. */
export function FailedPage({ view, form, list, continued, badCursor }: FailedProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.failed.title} page="failed">
      <Filter view={view} form={form} />
      {badCursor === true ? <Notice kind="warn">{t.failed.badCursor}</Notice> : null}
      {list === null ? null : <List {...{ view, form, list, continued }} />}
    </Layout>
  );
}

function Filter({ view: { t }, form }: Pick<FailedProps, 'view' | 'form'>): VNode {
  const { typed } = form;
  const flags = Object.keys(t.operations);
  const field = (name: FilterField) => ({ t, form, name });
  return (
    <form method="get" action="/failed" class="filter" role="search" aria-label={t.failed.filter}>
      <label>
        {t.columns.table}
        <select name="table">
          <option value="">{t.failed.anyTable}</option>
          {sources.map((source) => (
            <option key={source} value={tableOf[source]} selected={form.filter.source === source}>
              {tableOf[source]}
            </option>
          ))}
        </select>
      </label>
      <Field {...field('code')} label={t.failed.code} list="codes" size={8} numeric />
      <Field {...field('product')} label={t.columns.product} size={14} numeric />
      <Field {...field('customer')} label={t.columns.customer} size={18} numeric />
      <Field {...field('user')} label={t.columns.user} size={16} />
      <label>
        {t.columns.opFlag}
        <select name="opFlag">
          <option value="">{t.failed.anyOperation}</option>
          {typed.opFlag !== '' && !flags.includes(typed.opFlag) ? (
            <option value={typed.opFlag} selected>
              {typed.opFlag}
            </option>
          ) : null}
          {flags.map((flag) => (
            <option key={flag} value={flag} selected={flag === typed.opFlag}>
              {operationLabel(t, flag)}
            </option>
          ))}
        </select>
      </label>
      <Field {...field('since')} label={t.failed.since} hint={t.time.middleHint} date />
      <Field {...field('until')} label={t.failed.until} hint={t.time.middleHint} date />
      <Field {...field('text')} label={t.failed.text} hint={t.failed.textHint} size={18} />
      <datalist id="codes">
        <option value={noCode}>{t.failures.noCode}</option>
        {allCodes.map(({ code, text }) => (
          <option key={code} value={code}>
            {text}
          </option>
        ))}
      </datalist>
      <div class="actions">
        <button class="primary">{t.failed.apply}</button>
        <a class="button" href="/failed">
          {t.failed.clear}
        </a>
      </div>
    </form>
  );
}

/** Every code once; texts of M2M codes differ by table. */
const allCodes = [...new Set(sources.flatMap((source) => resultCodes(source).map(({ code }) => code)))]
  .filter((code) => code !== '00000')
  .sort()
  .map((code) => {
    const texts = sources.flatMap((source) => resultCodes(source).filter((entry) => entry.code === code));
    return { code, text: `${code} ${[...new Set(texts.map(({ text }) => text))].join(' / ')}` };
  });

interface FieldProps {
  readonly t: View['t'];
  readonly form: FilterForm;
  readonly name: FilterField;
  readonly label: string;
  readonly hint?: string;
  readonly size?: number;
  readonly list?: string;
  readonly numeric?: boolean;
  readonly date?: boolean;
}

function Field({ t, form, name, label, hint, size, list, numeric, date }: FieldProps): VNode {
  const wrong = form.errors.includes(name);
  const typed = form.typed[name];
  return (
    <label {...(hint === undefined ? {} : { title: hint })}>
      {label}
      <input
        name={name}
        value={date === true && !wrong ? typed.replace(' ', 'T') : typed}
        autocomplete="off"
        {...(date === true && !wrong ? { type: 'datetime-local', step: 1 } : { type: 'text' })}
        {...(size === undefined ? {} : { size })}
        {...(list === undefined ? {} : { list })}
        {...(numeric === true ? { inputMode: 'numeric' as const } : {})}
        {...(wrong ? { 'aria-invalid': true, 'aria-describedby': `${name}-fault` } : {})}
      />
      {wrong ? (
        <span class="fault" id={`${name}-fault`}>
          {t.failed.errors[name]}
        </span>
      ) : null}
    </label>
  );
}

function List({ view, form, list, continued }: FailedProps & { readonly list: RowList }): VNode {
  const { t, principal } = view;
  const acts = principal.role === 'operator' && list.rows.length > 0;
  const empty = list.next === null ? t.failed.empty : t.failed.emptySoFar;
  return (
    <>
      <div class="bar">
        <span class="hint">{t.common.showing(list.rows.length)}</span>
        {acts ? (
          <form method="get" action="/requeue" id={selection}>
            <button class="primary">{t.failed.requeueSelected}</button>
          </form>
        ) : null}
        {acts ? (
          <a class="button" href={address('/requeue-matching', filterParameters(form.filter))}>
            {t.failed.requeueMatching}
          </a>
        ) : null}
        <a class="button" href={address('/api/v1/failed.csv', filterParameters(form.filter))}>
          {t.failed.csv}
        </a>
      </div>
      {list.rows.length === 0 ? (
        <p class="none">{empty}</p>
      ) : (
        <FailedTable t={t} rows={list.rows} {...(acts ? { form: selection } : {})} />
      )}
      <nav class="pages">
        {continued ? <a href={failedAddress(form.filter)}>{t.common.first}</a> : null}
        {list.next === null ? null : (
          <a rel="next" class="button" href={failedAddress(form.filter, list.next)}>
            {t.common.next}
          </a>
        )}
      </nav>
    </>
  );
}
