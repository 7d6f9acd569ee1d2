import type { ComponentChildren, VNode } from 'preact';
import type { NotRequeued } from '../../operator/contract/actions.js';
import type { MatchRecord } from '../../operator/match-scope.js';
import type { RecordedAction } from '../../operator/contract/actions.js';
import type { RepairRecord } from '../../operator/repair/repair-record.js';
import { Conditions } from '../parts/conditions.js';
import { Foreign } from '../parts/foreign.js';
import { Layout, Notice, Token } from '../parts/layout.js';
import { recordedOutcome, RepairResult } from '../parts/repair-result.js';
import { LeftRows, RowLinks } from '../parts/requeued-rows.js';
import { StoreTime } from '../parts/times.js';
import { counted } from '../texts/pluralise.js';
import type { View } from '../view.js';

/** What an action was about, as its kind has it. */
export type ActionContent =
  | { readonly kind: 'rows'; readonly done: readonly RowName[]; readonly left: readonly NotRequeued[] }
  | { readonly kind: 'matching'; readonly record: MatchRecord }
  | { readonly kind: 'repair'; readonly record: RepairRecord; readonly isRunningHere: boolean }
  | { readonly kind: 'other' };

interface RowName {
  readonly table: string;
  readonly streamingNo: string;
}

interface ActionProps {
  readonly view: View;
  readonly entry: RecordedAction;
  readonly content: ActionContent;
  /** The page goes on with the rest by itself. */
  readonly goesOn: boolean;
}

/** An action on record, and what came of it: where each form that changes something leads, and safe to load again. */
export function ActionPage({ view, entry, content, goesOn }: ActionProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.audit.actions[entry.action]} page="audit">
      <Outcome view={view} entry={entry} content={content} />
      {content.kind === 'matching' && content.record.left !== null && view.principal.role === 'operator' ? (
        <GoOn view={view} entry={entry} goesOn={goesOn} />
      ) : null}
      {content.kind === 'rows' ? (
        <>
          <RowLinks title={t.requeue.done(content.done.length)} rows={content.done} />
          <LeftRows t={t} title={t.requeue.notDone(content.left.length)} rows={content.left} />
        </>
      ) : null}
      {content.kind === 'matching' ? <Conditions t={t} filter={content.record.filter} /> : null}
      {content.kind === 'repair' ? <RepairContent view={view} entry={entry} content={content} /> : null}
      <Facts view={view} entry={entry} />
      <p>
        {content.kind === 'repair' ? (
          <a class="button" href="/repair">
            {t.repair.title}
          </a>
        ) : (
          <a class="button" href="/failed">
            {t.requeue.backToList}
          </a>
        )}{' '}
        <a class="button" href="/audit">
          {t.audit.title}
        </a>
      </p>
    </Layout>
  );
}

function Outcome({ view: { t }, entry, content }: Omit<ActionProps, 'goesOn'>): VNode {
  const { rows } = entry;
  const error = errorOf(entry);
  const isLeft = content.kind === 'matching' && content.record.left !== null;
  const before = content.kind === 'matching' ? content.record.before : 0;
  return (
    <>
      {error === null ? null : (
        <Notice kind="bad">
          {t.audit.endedBy} <Foreign text={error} />
        </Notice>
      )}
      {entry.status === 'open' && content.kind !== 'repair' ? (
        <Notice kind="warn">{t.audit.openHint}</Notice>
      ) : null}
      {content.kind === 'other' || content.kind === 'repair' || rows === null ? null : (
        <Notice kind={rows > 0 ? 'good' : 'warn'}>
          {t.requeue.done(rows)} {before > 0 ? t.requeue.doneSoFar(counted(before + rows)) : null}{' '}
          {entry.status === 'done' && isLeft ? t.requeue.moreLeft : null}
        </Notice>
      )}
    </>
  );
}

interface RepairContentProps extends Pick<ActionProps, 'view' | 'entry'> {
  readonly content: Extract<ActionContent, { kind: 'repair' }>;
}

function RepairContent({ view: { t }, entry, content }: RepairContentProps): VNode {
  const outcome = recordedOutcome(content.record, entry.rows ?? 0);
  if (outcome !== null)
    return (
      <>
        {errorOf(entry) === null ? null : <Notice kind="warn">{t.repair.goesOn}</Notice>}
        <RepairResult t={t} outcome={outcome} />
      </>
    );
  return (
    <Notice kind="warn">
      {content.isRunningHere ? t.repair.openHere : t.repair.openElsewhere}{' '}
      <a href="/repair">{t.repair.page}</a>
    </Notice>
  );
}

function GoOn({ view, entry, goesOn }: Omit<ActionProps, 'content'>): VNode {
  const { t } = view;
  return (
    <form method="post" action="/requeue-matching" class="act" {...(goesOn && { 'data-go-on': 'go' })}>
      <Token view={view} />
      <input type="hidden" name="continues" value={entry.id} />
      <input type="hidden" name="reason" value={entry.reason ?? ''} />
      <p class="hint">{t.requeue.goOnHint}</p>
      <div class="actions">
        <button class="primary">{t.requeue.goOn}</button>
        {goesOn ? (
          <a class="button" href={`/audit/${entry.id}`}>
            {t.requeue.stop}
          </a>
        ) : null}
      </div>
    </form>
  );
}

function Facts({ view: { t }, entry }: Pick<ActionProps, 'view' | 'entry'>): VNode {
  const facts: readonly (readonly [name: string, value: ComponentChildren])[] = [
    [t.audit.at, <StoreTime t={t} at={entry.at} />],
    [t.audit.who, <Foreign text={entry.who} />],
    [t.audit.via, t.audit.vias[entry.via]],
    [t.common.reason, <Foreign text={entry.reason} />],
    [t.audit.what, <Foreign text={entry.what} />],
    [t.audit.outcome, <Foreign text={entry.outcome?.what ?? null} />],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd class="text">{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** The error that ended the action; null: none did. */
function errorOf({ outcome }: RecordedAction): string | null {
  if (outcome === null) return null;
  const { error } = JSON.parse(outcome.what) as { readonly error?: unknown };
  return typeof error === 'string' ? error : null;
}
