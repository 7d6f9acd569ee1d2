import type { ComponentChildren, VNode } from 'preact';
import type { ActivityBar, DatabaseStatus, Overview } from '../../operator/contract/state.js';
import { address } from '../addresses.js';
import { BarChart } from '../parts/bar-chart.js';
import { visibleText } from '../../domain/foreign-text.js';
import { Layout, Notice } from '../parts/layout.js';
import { PauseTable } from '../parts/pause-table.js';
import { Refresh } from '../parts/refresh.js';
import { durationLabel } from '../parts/times.js';
import { WorkerTable } from '../parts/worker-table.js';
import { countLabel, Badge, shortTable, StateMark } from '../parts/labels.js';
import type { Texts } from '../texts/texts.js';
import { counted } from '../texts/pluralise.js';
import type { View } from '../view.js';

interface OverviewProps {
  readonly view: View;
  readonly overview: Overview;
}

/** What one wants to know first; the script reads it again every 15 seconds. */
export function OverviewPage({ view, overview }: OverviewProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.overview.title} page="overview">
      <Refresh view={view} at={overview.at} seconds={15} />
      <div data-refresh>
        <Alerts view={view} overview={overview} />
        <Tiles view={view} overview={overview} />
        <div class="columns">
          <Section title={t.overview.counts}>
            <Counts view={view} overview={overview} />
          </Section>
          <Section title={t.overview.databases}>
            <Databases view={view} overview={overview} />
          </Section>
        </div>
        <Charts view={view} overview={overview} />
        <Section title={t.workers.title}>
          {overview.workers === null ? (
            <Unread view={view} />
          ) : (
            <WorkerTable t={t} workers={overview.workers} shards={overview.shards} />
          )}
        </Section>
        <Section title={t.pauses.inForce}>
          {overview.pauses === null ? (
            <Unread view={view} />
          ) : (
            <PauseTable view={view} pauses={overview.pauses} resumable={false} />
          )}
        </Section>
      </div>
    </Layout>
  );
}

function Section({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Unread({ view }: { readonly view: View }): VNode {
  return <p class="hint">{view.t.overview.unread}</p>;
}

function Alerts({ view: { t }, overview }: OverviewProps): VNode {
  const { workers, pauses, deferred, verification, databases } = overview;
  const away = (['middle', 'store'] as const).filter((name) => !databases[name].reachable);
  return (
    <>
      {away.map((name) => (
        <Notice key={name} kind="bad">
          <strong>
            {t.overview[name]} {t.overview.away}
          </strong>
          {databases[name].error === null ? null : <p class="text">{visibleText(databases[name].error)}</p>}
          <p>{t.errors.databaseHint}</p>
        </Notice>
      ))}
      {workers?.some(({ alive }) => alive) === false ? (
        <Notice kind="warn">{t.overview.noWorkers}</Notice>
      ) : null}
      <RowAlerts t={t} overview={overview} />
      {pauses !== null && pauses.length > 0 ? (
        <Notice kind="warn">
          {t.overview.pausedNow(pauses.length)} <a href="/pauses">{t.overview.pauseList}</a>
        </Notice>
      ) : null}
      {deferred !== null && deferred.rows > 0 ? (
        <Notice kind="warn">
          {t.deferred.now(deferred.customers, deferred.rows)} <a href="/deferred">{t.deferred.list}</a>
        </Notice>
      ) : null}
      {(verification?.last?.differences ?? 0) > 0 ? (
        <Notice kind="bad">
          {t.verification.onOverview(verification?.last?.differences ?? 0)}{' '}
          <a href="/verify">{t.verification.list}</a>
        </Notice>
      ) : null}
    </>
  );
}

/** Rows that no worker takes, or takes later than anyone expects. */
function RowAlerts({ t, overview }: { readonly t: Texts; readonly overview: Overview }): VNode {
  const { tables, createdAhead, strayAttributes } = overview;
  const other = Object.values(tables ?? {}).reduce((sum, states) => sum + (states.other?.rows ?? 0), 0);
  const strays = Object.values(strayAttributes ?? {});
  const sumOf = (kind: 'late' | 'orphaned') => strays.reduce((sum, each) => sum + each[kind], 0);
  const [late, orphaned] = [sumOf('late'), sumOf('orphaned')];
  return (
    <>
      {createdAhead !== null && createdAhead.rows > 0 && createdAhead.seconds > clockTolerance ? (
        <Notice kind="warn">
          {t.overview.createdAhead(createdAhead.rows, durationLabel(t, createdAhead.seconds))}
        </Notice>
      ) : null}
      {other > 0 ? <Notice kind="warn">{t.overview.otherStates(other)}</Notice> : null}
      {late + orphaned > 0 ? <Notice kind="warn">{t.overview.strayAttributes(late, orphaned)}</Notice> : null}
    </>
  );
}

/** Clocks differ by less than so many seconds. */
const clockTolerance = 60;

function Tiles({ view: { t }, overview }: OverviewProps): VNode {
  const { tables, oldestPendingSeconds, lastHour, workers } = overview;
  const failedNow = tables === null ? null : Object.values(tables).map((states) => states['3']);
  const sumOf = (name: 'applied' | 'failed', bars: readonly ActivityBar[] | null) =>
    bars === null ? null : counted(bars.reduce((sum, bar) => sum + bar[name], 0));
  const isNonePending = tables !== null && Object.values(tables).every((states) => states['0'].rows === 0);
  const unknown = isNonePending ? t.overview.nothingPending : t.overview.pendingUnknown;
  const oldest = oldestPendingSeconds === null ? unknown : durationLabel(t, oldestPendingSeconds);
  return (
    <dl class="tiles">
      <Tile t={t} name={t.overview.oldestPending} value={tables === null ? null : oldest} />
      <Tile
        t={t}
        name={t.overview.failedNow}
        href="/failed"
        value={
          failedNow === null
            ? null
            : countLabel(t, {
                rows: failedNow.reduce((sum, { rows }) => sum + rows, 0),
                atLeast: failedNow.some(({ atLeast }) => atLeast),
              })
        }
      />
      <Tile t={t} name={t.overview.appliedLastHour} value={sumOf('applied', lastHour)} />
      <Tile t={t} name={t.overview.failedLastHour} href="/failure-groups" value={sumOf('failed', lastHour)} />
      <Tile
        t={t}
        name={t.overview.aliveWorkers}
        href="/workers"
        value={workers === null ? null : counted(workers.filter(({ alive }) => alive).length)}
      />
    </dl>
  );
}

interface TileProps {
  readonly t: View['t'];
  readonly name: string;
  /** Null: it could not be read. */
  readonly value: string | null;
  readonly href?: string;
}

function Tile({ t, name, value, href }: TileProps): VNode {
  const shown = value ?? t.common.unknown;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{href === undefined ? shown : <a href={href}>{shown}</a>}</dd>
    </div>
  );
}

const states = ['0', '1', '2', '3'] as const;

function Counts({ view, overview }: OverviewProps): VNode {
  const { t } = view;
  if (overview.tables === null) return <Unread view={view} />;
  const hasOther = Object.values(overview.tables).some(({ other }) => other !== undefined);
  return (
    <table class="counts">
      <thead>
        <tr>
          <th scope="col">{t.columns.table}</th>
          {states.map((state) => (
            <th key={state} scope="col" class="number">
              <StateMark t={t} state={Number(state)} />
            </th>
          ))}
          {hasOther ? (
            <th scope="col" class="number">
              {t.overview.otherState}
            </th>
          ) : null}
        </tr>
      </thead>
      <tbody>
        {Object.entries(overview.tables).map(([table, counts]) => (
          <tr key={table}>
            <th scope="row">
              IF_BNET_
              <wbr />
              {shortTable(table)}
            </th>
            {states.map((state) => (
              <td key={state} class="number">
                <StateLink table={table} state={state} text={countLabel(t, counts[state])} />
              </td>
            ))}
            {hasOther ? (
              <td class="number">{countLabel(t, counts.other ?? { rows: 0, atLeast: false })}</td>
            ) : null}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function StateLink(props: { readonly table: string; readonly state: string; readonly text: string }): VNode {
  const { table, state, text } = props;
  if (state === '3') return <a href={address('/failed', { table })}>{text}</a>;
  return state === '1' ? <a href="/processing">{text}</a> : <>{text}</>;
}

function Charts({ view: { t }, overview }: OverviewProps): VNode {
  return (
    <div class="columns">
      {overview.lastHour === null ? null : (
        <BarChart t={t} id="hour" title={t.overview.lastHour} bars={overview.lastHour} spanMinutes={5} />
      )}
      {overview.lastDay === null ? null : (
        <BarChart t={t} id="day" title={t.overview.lastDay} bars={overview.lastDay} spanMinutes={60} />
      )}
    </div>
  );
}

function Databases({ view: { t }, overview }: OverviewProps): VNode {
  return (
    <table>
      <tbody>
        {(['middle', 'store'] as const).map((name) => (
          <tr key={name}>
            <th scope="row">{t.overview[name]}</th>
            <td>
              <Health t={t} health={overview.databases[name]} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Health({ t, health }: { readonly t: View['t']; readonly health: DatabaseStatus }): VNode {
  return health.reachable ? (
    <>
      <Badge kind="good" text={t.overview.well} />{' '}
      {health.answeredMs === null ? null : t.overview.answered(health.answeredMs)}
      {health.error === null ? null : <p class="text">{visibleText(health.error)}</p>}
    </>
  ) : (
    <Badge kind="bad" text={t.overview.away} />
  );
}
