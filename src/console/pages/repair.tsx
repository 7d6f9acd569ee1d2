import type { ComponentChildren, VNode } from 'preact';
import type { RepairState } from '../../operator/contract/repair.js';
import type { OpenAlarm } from '../../operator/contract/state.js';
import { isWhole, type RepairScope } from '../../operator/repair/repair-record.js';
import { rowAddress, rowName } from '../addresses.js';
import { visibleText } from '../../domain/foreign-text.js';
import { confirmAddress, scopeFields } from '../repair-form.js';
import { Foreign, KeyText } from '../parts/foreign.js';
import { shortTable } from '../parts/labels.js';
import { Layout, Notice, Token } from '../parts/layout.js';
import { ReasonField } from '../parts/reason.js';
import { Refresh } from '../parts/refresh.js';
import { RepairJobPart, ScopeText } from '../parts/repair-job.js';
import { outcomeOfJob, RepairResult } from '../parts/repair-result.js';
import { durationLabel, MiddleTime, StoreTime } from '../parts/times.js';
import type { View } from '../view.js';

interface RepairProps {
  readonly view: View;
  readonly state: RepairState;
  /** Why what was asked for was refused. */
  readonly error?: ComponentChildren;
}

/** How often a running repair is read again. */
const refreshSeconds = 2;

/** What the product store has lost, what is done about it, and how far that is. */
export function RepairPage({ view, state, error }: RepairProps): VNode {
  const { t } = view;
  const { job, at } = state;
  const isRunning = job !== null && job.endedAt === null;
  const mayStart = view.principal.role === 'operator' && !isRunning;
  return (
    <Layout view={{ ...view, alarms: [] }} title={t.repair.title} page="repair">
      {error === undefined ? null : <Notice kind="bad">{error}</Notice>}
      {isRunning ? (
        <>
          <Refresh view={view} at={at} seconds={refreshSeconds} />
          <noscript>
            <a class="button" href="/repair">
              {t.repair.refresh}
            </a>
          </noscript>
        </>
      ) : null}
      <div data-refresh>
        <UnderWay view={view} state={state} />
        {isNews(state) ? <AlarmList view={view} alarms={state.alarms} /> : null}
        {job === null ? null : <RepairJobPart view={view} job={job} at={at} />}
        {isNews(state) ? null : <AlarmList view={view} alarms={state.alarms} />}
      </div>
      {mayStart ? <StartForms view={view} state={state} /> : null}
    </Layout>
  );
}

/** Whether an alarm was raised since the last repair ended, so that it says more than what came of that. */
function isNews({ job, alarms }: RepairState): boolean {
  const endedAt = job?.endedAt ?? null;
  return endedAt !== null && alarms?.some(({ raisedAt }) => raisedAt > endedAt) === true;
}

function UnderWay({ view: { t }, state }: Pick<RepairProps, 'view' | 'state'>): VNode {
  return (
    <>
      {state.underWay?.map(({ id, who, at }) => (
        <Notice key={id} kind="warn">
          <a href={`/audit/${id}`}>{`${t.audit.title} ${id}`}</a>{' '}
          {t.repair.underWay(visibleText(who), at.slice(0, 19).replace('T', ' '))}
        </Notice>
      ))}
    </>
  );
}

function AlarmList({
  view: { t },
  alarms,
}: {
  readonly view: View;
  readonly alarms: readonly OpenAlarm[] | null;
}): VNode {
  if (alarms === null) return <Notice kind="warn">{t.repair.unread}</Notice>;
  if (alarms.length === 0) return <Notice kind="good">{t.repair.noAlarms}</Notice>;
  return (
    <section>
      <h2>{t.alarm.title}</h2>
      {alarms.map((alarm) => (
        <AlarmPart key={alarm.alarmId} t={t} alarm={alarm} />
      ))}
      {alarms.some(({ kind }) => kind === 'noOrigin') ? <p>{t.repair.noOrigin}</p> : null}
      {alarms.some(({ kind }) => kind !== 'noOrigin') ? (
        <>
          <p>{t.repair.meaning}</p>
          <ol>
            {t.repair.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </>
      ) : null}
    </section>
  );
}

function AlarmPart({ t, alarm }: { readonly t: View['t']; readonly alarm: OpenAlarm }): VNode {
  return (
    <Notice kind="bad">
      <strong>{t.alarm.kinds[alarm.kind](alarm.rows)}</strong>
      <p>
        {t.alarm.since} <StoreTime t={t} at={alarm.raisedAt} /> · {t.repair.foundBy}{' '}
        <Foreign text={alarm.worker} /> (<Foreign text={alarm.host} />)
      </p>
      {alarm.examples.length === 0 ? null : (
        <ul class="rows">
          {alarm.examples.map((row) => (
            <li key={rowName(row)}>
              <a href={rowAddress(row)}>
                {shortTable(row.table)} <KeyText text={row.streamingNo} />
              </a>{' '}
              {row.custId === null ? null : (
                <>
                  {t.columns.customer} <KeyText text={row.custId} />,{' '}
                </>
              )}
              {t.columns.stateDate} <MiddleTime t={t} at={row.stateDate} />
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

const everything: RepairScope = { custId: null, productId: null, all: false, takeBack: false };

function StartForms({ view, state }: Pick<RepairProps, 'view' | 'state'>): VNode {
  const { t } = view;
  const isNew = state.alarms?.some(({ kind }) => kind === 'noOrigin') === true;
  return (
    <section>
      <form method="post" action="/repair" class="act">
        <Token view={view} />
        <div class="actions">
          <button class="primary">{t.repair.startDryRun}</button>
          <a class="button" href={confirmAddress(everything)}>
            {t.repair.startRepair}
          </a>
        </div>
      </form>
      <details open={isNew}>
        <summary>{t.repair.narrower}</summary>
        <form method="get" action="/repair/confirm" class="act">
          <NumberField name="customer" label={t.repair.customer} title={t.repair.badScope} />
          <NumberField name="product" label={t.repair.product} title={t.repair.badScope} />
          {(['all', 'takeBack'] as const).map((name) => (
            <label key={name}>
              <input type="checkbox" name={name} value="yes" /> {t.repair[name]}
              <span class="hint">{t.repair[`${name}Hint`]}</span>
            </label>
          ))}
          <button>{t.repair.next}</button>
        </form>
      </details>
    </section>
  );
}

function NumberField(props: {
  readonly name: string;
  readonly label: string;
  readonly title: string;
}): VNode {
  const { name, label, title } = props;
  return (
    <label>
      {label}
      <input name={name} pattern="[0-9]{1,30}" inputMode="numeric" title={title} autocomplete="off" />
    </label>
  );
}

interface ConfirmRepairProps extends RepairProps {
  readonly scope: RepairScope;
}

/** Asks once more, with what a dry run has found, before a repair is started. */
export function ConfirmRepairPage({ view, state, scope, error }: ConfirmRepairProps): VNode {
  const { t } = view;
  const fields = Object.entries(scopeFields(scope)).map(([name, value]) => (
    <input key={name} type="hidden" name={name} value={value} />
  ));
  return (
    <Layout view={{ ...view, alarms: [] }} title={t.repair.confirmTitle} page="repair">
      {error === undefined ? null : <Notice kind="bad">{error}</Notice>}
      <UnderWay view={view} state={state} />
      <p>{t.repair.steps[2]}</p>
      <dl class="facts">
        <dt>{t.repair.scope}</dt>
        <dd>
          <ScopeText t={t} scope={scope} />
        </dd>
      </dl>
      {scope.all ? <Notice kind="warn">{t.repair.allHint}</Notice> : null}
      {scope.takeBack ? <Notice kind="warn">{t.repair.takeBackHint}</Notice> : null}
      {isWhole(scope) ? null : <Notice kind="info">{t.repair.part}</Notice>}
      <form method="post" action="/repair/confirm" class="act">
        <Token view={view} />
        {fields}
        <ReasonField view={view} />
        <div class="actions">
          <button class="primary">{t.repair.confirmRepair}</button>
          <button formAction="/repair" formNoValidate>
            {t.repair.startDryRun}
          </button>
          <a class="button" href="/repair">
            {t.common.back}
          </a>
        </div>
      </form>
      <DryRunBefore view={view} state={state} scope={scope} />
    </Layout>
  );
}

/** The last dry run of the same, if it was made here. */
function DryRunBefore({ view: { t }, state: { job, at }, scope }: ConfirmRepairProps): VNode {
  const outcome = job?.dryRun === true && job.status === 'done' ? outcomeOfJob(job) : null;
  const isSame = outcome !== null && confirmAddress(outcome.scope) === confirmAddress(scope);
  if (!isSame || typeof job?.endedAt !== 'string') return <Notice kind="warn">{t.repair.noDryRun}</Notice>;
  return (
    <>
      <p>{t.repair.lastDryRun(durationLabel(t, (Date.parse(at) - Date.parse(job.endedAt)) / 1000))}</p>
      <RepairResult t={t} outcome={outcome} />
    </>
  );
}
