import type { VNode } from 'preact';
import type { RecordedAction } from '../../operator/contract/actions.js';
import { address } from '../addresses.js';
import { Foreign } from '../parts/foreign.js';
import { Layout } from '../parts/layout.js';
import { StoreTime, ZonedHead } from '../parts/times.js';
import { Badge } from '../parts/labels.js';
import { counted } from '../texts/pluralise.js';
import type { View } from '../view.js';

interface AuditProps {
  readonly view: View;
  readonly entries: readonly RecordedAction[];
  /** The id to go on before; null: nothing is left. */
  readonly next: string | null;
  /** This is not the first part. */
  readonly continued: boolean;
}

/** Who did what, when and why. */
export function AuditPage({ view, entries, next, continued }: AuditProps): VNode {
  const { t } = view;
  const empty = continued ? t.audit.emptyHere : t.audit.empty;
  return (
    <Layout view={view} title={t.audit.title} page="audit">
      {entries.length === 0 ? <p class="none">{empty}</p> : <Entries t={t} entries={entries} />}
      {entries.some(({ status }) => status === 'open') ? (
        <p class="hint">
          {t.audit.open}: {t.audit.openHint}
        </p>
      ) : null}
      <nav class="pages">
        {continued ? <a href="/audit">{t.common.first}</a> : null}
        {next === null ? null : (
          <a rel="next" class="button" href={address('/audit', { before: next })}>
            {t.common.next}
          </a>
        )}
      </nav>
    </Layout>
  );
}

function Entries({
  t,
  entries,
}: {
  readonly t: View['t'];
  readonly entries: readonly RecordedAction[];
}): VNode {
  return (
    <table class="stack">
      <thead>
        <tr>
          <ZonedHead t={t} name={t.audit.at} zone="utc" />
          <th scope="col">{t.audit.who}</th>
          <th scope="col">{t.audit.via}</th>
          <th scope="col">{t.audit.action}</th>
          <th scope="col">{t.audit.what}</th>
          <th scope="col" class="number">
            {t.audit.rows}
          </th>
          <th scope="col">{t.common.reason}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id}>
            <td data-label={t.audit.at}>
              <a href={`/audit/${entry.id}`}>
                <StoreTime t={t} at={entry.at} bare />
              </a>
            </td>
            <td data-label={t.audit.who}>
              <Foreign text={entry.who} />
            </td>
            <td data-label={t.audit.via}>{t.audit.vias[entry.via]}</td>
            <td data-label={t.audit.action}>{t.audit.actions[entry.action]}</td>
            <td data-label={t.audit.what} class="text code">
              <Foreign text={entry.what} />
            </td>
            <td data-label={t.audit.rows} class="number">
              {entry.status === 'open' ? <Badge kind="warn" text={t.audit.open} /> : null}
              {entry.rows === null ? null : counted(entry.rows)}
            </td>
            <td data-label={t.common.reason} class="text">
              <Foreign text={entry.reason} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
