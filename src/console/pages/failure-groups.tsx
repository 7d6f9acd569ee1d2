import type { VNode } from 'preact';
import type { FailureGroup } from '../../operator/contract/rows.js';
import { noCode } from '../../operator/inputs.js';
import { address, rowAddress } from '../addresses.js';
import { ChineseText, KeyText } from '../parts/foreign.js';
import { Layout } from '../parts/layout.js';
import { MiddleTime } from '../parts/times.js';
import { countLabel, shortTable } from '../parts/labels.js';
import { counted } from '../texts/pluralise.js';
import type { View } from '../view.js';

interface FailuresProps {
  readonly view: View;
  readonly groups: readonly FailureGroup[];
}

/** Failures by table and code. */
export function FailureGroupsPage({ view, groups }: FailuresProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.failures.title} page="failures">
      <p class="hint">{t.failures.explain}</p>
      {groups.length === 0 ? <p class="none">{t.failures.empty}</p> : <Groups view={view} groups={groups} />}
    </Layout>
  );
}

function Groups({ view: { t }, groups }: FailuresProps): VNode {
  const spans = [t.failures.present, t.failures.lastHour, t.failures.lastDay, t.failures.lastWeek];
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">{t.columns.table}</th>
          <th scope="col">{t.columns.code}</th>
          {spans.map((span) => (
            <th key={span} scope="col" class="number">
              {span}
            </th>
          ))}
          <th scope="col">{t.failures.newest}</th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <Group key={`${group.table} ${group.code ?? ''}`} t={t} group={group} />
        ))}
      </tbody>
    </table>
  );
}

function Group({ t, group }: { readonly t: View['t']; readonly group: FailureGroup }): VNode {
  const { table, code, text, present, newest } = group;
  const count = countLabel(t, present);
  return (
    <tr>
      <td data-label={t.columns.table}>{shortTable(table)}</td>
      <td data-label={t.columns.code} class="text">
        {code === null ? t.failures.noCode : <Code t={t} code={code} text={text} />}
      </td>
      <td data-label={t.failures.present} class="number">
        {present.rows === 0 ? (
          count
        ) : (
          <a href={address('/failed', { table, code: code ?? noCode })}>{count}</a>
        )}
      </td>
      <td data-label={t.failures.lastHour} class="number">
        {counted(group.lastHour)}
      </td>
      <td data-label={t.failures.lastDay} class="number">
        {counted(group.lastDay)}
      </td>
      <td data-label={t.failures.lastWeek} class="number">
        {counted(group.lastWeek)}
      </td>
      <td data-label={t.failures.newest} class="text">
        {newest === null ? null : (
          <>
            <a href={rowAddress(newest)}>
              <KeyText text={newest.streamingNo} />
            </a>{' '}
            <MiddleTime t={t} at={newest.stateDate} />
            <br />
            <ChineseText text={newest.errContent} />
          </>
        )}
      </td>
    </tr>
  );
}

/** The code with its standard text, which is Chinese in every language. */
function Code(props: { readonly t: View['t']; readonly code: string; readonly text: string | null }): VNode {
  const { t, code, text } = props;
  return (
    <>
      <strong>{code}</strong> {text === null ? t.failures.unregistered : <ChineseText text={text} />}
    </>
  );
}
