import type { VNode } from 'preact';
import {
  differenceKinds,
  notJudgedReasons,
  type Difference,
  type VerifySummary,
} from '../../operator/contract/checks.js';
import type { LastRun, RecordedRun, Verification } from '../../operator/contract/verification.js';
import { address } from '../addresses.js';
import { DifferenceTable } from '../parts/difference-table.js';
import { Foreign, KeyText } from '../parts/foreign.js';
import { Badge } from '../parts/labels.js';
import { Layout, Notice } from '../parts/layout.js';
import { durationLabel, StoreTime, ZonedHead } from '../parts/times.js';
import { counted } from '../texts/pluralise.js';
import type { Texts } from '../texts/texts.js';
import type { View } from '../view.js';

/** Which of the differences to show. */
interface DifferencePage {
  /** Only this kind; null: all. */
  readonly kind: Difference['kind'] | null;
  /** How many are skipped. */
  readonly from: number;
}

interface VerificationProps extends DifferencePage {
  readonly view: View;
  readonly verification: Verification;
}

/** How many differences stand on a page. */
const pageDifferences = 100;

/** What verifications have found. */
export function VerificationPage({ view, verification, ...page }: VerificationProps): VNode {
  const { t } = view;
  const { last, runs } = verification;
  return (
    <Layout view={view} title={t.verification.title} page="verification">
      <p class="hint">{t.verification.explain}</p>
      {last === null ? (
        <>
          <p class="none">{t.verification.never}</p>
          <p class="hint">{t.verification.howTo}</p>
        </>
      ) : (
        <Last t={t} last={last} {...page} />
      )}
      {runs.length === 0 ? null : <Runs t={t} runs={runs} />}
    </Layout>
  );
}

function Last({ t, last, ...page }: DifferencePage & { readonly t: Texts; readonly last: LastRun }): VNode {
  const { summary } = last;
  const texts = t.verification;
  const isClean = summary.differences === 0;
  return (
    <>
      <Notice kind={isClean ? 'good' : 'bad'}>
        {isClean ? texts.clean : texts.found(summary.differences, summary.customersWithDifferences)}
      </Notice>
      <section>
        <h2>{texts.last}</h2>
        <dl class="facts">
          <dt>{texts.endedAt}</dt>
          <dd>
            <StoreTime t={t} at={last.endedAt} />
          </dd>
          <dt>{texts.took}</dt>
          <dd>{durationLabel(t, (Date.parse(last.endedAt) - Date.parse(last.startedAt)) / 1000)}</dd>
          <dt>{texts.who}</dt>
          <dd>
            {texts.vias[last.via]} <KeyText text={last.who} />
          </dd>
          <dt>{texts.compared}</dt>
          <dd>{texts.comparedText(summary.rows, summary.customers)}</dd>
          {notJudged(t, summary)}
        </dl>
      </section>
      {isClean ? null : <Kinds t={t} byKind={summary.byKind} />}
      {isClean ? null : <Differences t={t} last={last} {...page} />}
    </>
  );
}

function notJudged(t: Texts, { notJudged: counts, notJudgedExamples }: VerifySummary): VNode[] {
  const texts = t.verification;
  return notJudgedReasons
    .filter((reason) => counts[reason] > 0)
    .map((reason) => {
      const examples = notJudgedExamples.filter((each) => each.reason === reason).slice(0, 3);
      return (
        <>
          <dt>{texts.notJudged}</dt>
          <dd>
            {texts.notJudgedText(counts[reason])}: {texts.reasons[reason]}
            {examples.map(({ custId }) => (
              <>
                {' '}
                <KeyText text={custId} />
              </>
            ))}
          </dd>
        </>
      );
    });
}

function Kinds({ t, byKind }: { readonly t: Texts; readonly byKind: VerifySummary['byKind'] }): VNode {
  const texts = t.verification;
  return (
    <section>
      <h2>{texts.byKind}</h2>
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">{texts.kind}</th>
            <th scope="col" class="number">
              {texts.count}
            </th>
            <th scope="col">{texts.means}</th>
            <th scope="col">{texts.whatToDo}</th>
          </tr>
        </thead>
        <tbody>
          {differenceKinds
            .filter((kind) => (byKind[kind] ?? 0) > 0)
            .map((kind) => (
              <tr key={kind}>
                <td data-label={texts.kind}>
                  <a href={address('/verify', { kind })} title={texts.ofKind(texts.kinds[kind].name)}>
                    {texts.kinds[kind].name}
                  </a>
                </td>
                <td data-label={texts.count} class="number">
                  {counted(byKind[kind] ?? 0)}
                </td>
                <td data-label={texts.means} class="text">
                  {texts.kinds[kind].means}
                </td>
                <td data-label={texts.whatToDo} class="text">
                  {texts.kinds[kind].whatToDo}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}

function Differences(props: DifferencePage & { readonly t: Texts; readonly last: LastRun }): VNode {
  const { t, last, kind, from } = props;
  const texts = t.verification;
  const all = last.differences.filter((each) => kind === null || each.kind === kind);
  const page = all.slice(from, from + pageDifferences);
  const next = from + pageDifferences;
  const isCut = last.differences.length < last.summary.differences;
  return (
    <section>
      <h2>
        {texts.differences}
        {kind === null ? null : `: ${texts.kinds[kind].name}`}
      </h2>
      {kind === null ? null : (
        <p>
          <a href="/verify">{texts.allKinds}</a>
        </p>
      )}
      {isCut ? <p class="hint">{texts.kept(last.differences.length, last.summary.differences)}</p> : null}
      {page.length === 0 ? (
        <p class="none">{t.common.none}</p>
      ) : (
        <>
          <p class="hint">{texts.shown(from + 1, from + page.length, all.length)}</p>
          <DifferenceTable t={t} differences={page} />
        </>
      )}
      <nav class="pages">
        {from === 0 ? null : <a href={address('/verify', { kind })}>{t.common.first}</a>}
        {next >= all.length ? null : (
          <a rel="next" class="button" href={address('/verify', { kind, from: String(next) })}>
            {t.common.next}
          </a>
        )}
      </nav>
    </section>
  );
}

const badgeOf = {
  running: 'quiet',
  finished: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  abandoned: 'warn',
} as const;

function Runs({ t, runs }: { readonly t: Texts; readonly runs: readonly RecordedRun[] }): VNode {
  const texts = t.verification;
  return (
    <section>
      <h2>{texts.runs}</h2>
      <table class="stack">
        <thead>
          <tr>
            <ZonedHead t={t} name={texts.startedAt} zone="utc" />
            <ZonedHead t={t} name={texts.endedAt} zone="utc" />
            <th scope="col">{texts.state}</th>
            <th scope="col" class="number">
              {texts.differences}
            </th>
            <th scope="col">{texts.who}</th>
            <th scope="col">{t.errors.message}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td data-label={texts.startedAt}>
                <StoreTime t={t} at={run.startedAt} bare />
              </td>
              <td data-label={texts.endedAt}>
                <StoreTime t={t} at={run.endedAt} bare />
              </td>
              <td data-label={texts.state}>
                <Badge kind={badgeOf[run.state]} text={texts.states[run.state]} />
              </td>
              <td data-label={texts.differences} class="number">
                {run.differences === null ? null : counted(run.differences)}
              </td>
              <td data-label={texts.who}>
                {texts.vias[run.via]} <KeyText text={run.who} />
              </td>
              <td data-label={t.errors.message} class="text">
                <Foreign text={run.error} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
