import type { VNode } from 'preact';
import type { RepairReport } from '../../operator/contract/actions.js';
import type { BackgroundRepair } from '../../operator/contract/repair.js';
import {
  isWhole,
  type RecordedLeft,
  type RepairRecord,
  type RepairScope,
} from '../../operator/repair/repair-record.js';
import { rowAddress, rowName } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import { ChineseText, Foreign, KeyText } from './foreign.js';
import { operationLabel, shortTable } from './labels.js';
import { Notice } from './layout.js';
import { MiddleTime, ZonedHead } from './times.js';

/** What came of a repair, as a running process or the audit has it. */
export interface RepairOutcome {
  readonly scope: RepairScope;
  readonly dryRun: boolean;
  readonly rows: number;
  readonly customers: number;
  /** Null: it came to its end. */
  readonly cancelled: string | null;
  readonly left: readonly RecordedLeft[];
  /** How many customers were left; `left` names the first of them. */
  readonly customersLeft: number;
  readonly byOthers: number;
  /** Customers with rows applied after the lost ones. */
  readonly replayed: number;
  /** Rows that were refused since, only because of the loss, and how many of them were taken back. */
  readonly falselyRefused: number;
  readonly takenBack: number;
  readonly refusedExamples: RepairReport['falselyRefused']['examples'];
  /** Null: not recorded. */
  readonly alarmsClosed: number | null;
  readonly alarmsOpen: number | null;
  readonly examples: RepairReport['examples'];
}

/** The outcome of a job; null as long as there is none. */
export function outcomeOfJob(job: BackgroundRepair): RepairOutcome | null {
  const { report, customersLeft, custId, productId, all, takeBack } = job;
  if (report === null) return null;
  const { rows: falselyRefused, takenBack, examples: refusedExamples } = report.falselyRefused;
  const scope = { custId, productId, all, takeBack };
  return { ...report, customersLeft, falselyRefused, takenBack, refusedExamples, scope };
}

/** The outcome that the audit has; null: there is none. */
export function recordedOutcome({ scope, outcome }: RepairRecord, rows: number): RepairOutcome | null {
  if (outcome === null) return null;
  const { left: customersLeft, leftCustomers: left, ...rest } = outcome;
  return { ...rest, scope, dryRun: false, rows, left, customersLeft, examples: [], refusedExamples: [] };
}

interface ResultProps {
  readonly t: Texts;
  readonly outcome: RepairOutcome;
}

/** What a repair did, or a dry run would do. */
export function RepairResult({ t, outcome }: ResultProps): VNode {
  const { dryRun, rows, customers, cancelled, byOthers, customersLeft } = outcome;
  const words = dryRun ? t.repair.wouldTake(rows, customers) : t.repair.took(rows, customers);
  // Alarms are counted at the end: without it nothing is known of what is missing.
  const isNothing = rows === 0 && customersLeft === 0 && cancelled === null && outcome.alarmsOpen !== null;
  return (
    <>
      <Notice kind={dryRun || rows === 0 ? 'info' : 'good'}>{isNothing ? t.repair.nothing : words}</Notice>
      {cancelled === null ? null : (
        <Notice kind="warn">
          {t.repair.endedEarly} {cancelled === 'signal' ? t.repair.bySignal : <Foreign text={cancelled} />}
        </Notice>
      )}
      {outcome.replayed === 0 ? null : <p>{t.repair.replayed(outcome.replayed)}</p>}
      {dryRun ? null : <AlarmsAfter t={t} outcome={outcome} />}
      <Refused t={t} outcome={outcome} />
      {byOthers === 0 ? null : <Notice kind="warn">{t.repair.byOthers(byOthers)}</Notice>}
      <Left t={t} outcome={outcome} />
      <Examples t={t} outcome={outcome} />
    </>
  );
}

/** Rows that were refused only because of the loss: the platform has read the refusals, so an operator decides. */
function Refused({ t, outcome }: ResultProps): VNode | null {
  const { falselyRefused, takenBack, refusedExamples } = outcome;
  if (falselyRefused === 0) return null;
  return (
    <Notice kind="warn">
      {t.repair.refused(falselyRefused)}{' '}
      {takenBack > 0 ? t.repair.takenBack(takenBack) : t.repair.notTakenBack}
      {refusedExamples.length === 0 ? null : (
        <ul class="rows">
          {refusedExamples.map((row) => (
            <li key={rowName(row)}>
              <RowName row={row} /> {t.columns.customer} <KeyText text={row.custId} />{' '}
              {operationLabel(t, row.opFlag)}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

function AlarmsAfter({ t, outcome }: ResultProps): VNode {
  const { alarmsClosed, alarmsOpen } = outcome;
  return (
    <>
      {(alarmsClosed ?? 0) > 0 ? <Notice kind="good">{t.repair.closed(alarmsClosed ?? 0)}</Notice> : null}
      {(alarmsOpen ?? 0) > 0 ? (
        <Notice kind="bad">
          {t.repair.open(alarmsOpen ?? 0)} {t.repair.whatCloses[whatCloses(outcome)]}
        </Notice>
      ) : null}
    </>
  );
}

/** What closes the alarms that a repair has left open. */
function whatCloses({ scope, customersLeft, cancelled }: RepairOutcome): keyof Texts['repair']['whatCloses'] {
  if (!isWhole(scope)) return 'part';
  if (customersLeft > 0) return 'left';
  return cancelled === null ? 'other' : 'early';
}

function Left({ t, outcome: { left, customersLeft, dryRun } }: ResultProps): VNode | null {
  if (customersLeft === 0) return null;
  const reasons = [...new Set(left.map(({ reason }) => reason))];
  return (
    <section>
      <h2>{dryRun ? t.repair.leftDry(customersLeft) : t.repair.left(customersLeft)}</h2>
      {reasons.map((reason) => (
        <p key={reason}>
          <strong>{reasonTexts(t, reason).what}</strong>
          <br />
          {reasonTexts(t, reason).toDo}
        </p>
      ))}
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">{t.columns.customer}</th>
            <th scope="col">{t.repair.firstRow}</th>
            <th scope="col" class="number">
              {t.repair.lostRows}
            </th>
            <th scope="col">{t.repair.reason}</th>
          </tr>
        </thead>
        <tbody>
          {left.map((each) => (
            <tr key={`${each.custId} ${each.reason}`}>
              <td data-label={t.columns.customer}>
                <KeyText text={each.custId} />
              </td>
              <td data-label={t.repair.firstRow}>
                <RowName row={each} />
              </td>
              <td data-label={t.repair.lostRows} class="number">
                {each.rows}
              </td>
              <td data-label={t.repair.reason} class="text">
                {reasonTexts(t, each.reason).what} <ChineseText text={each.why} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {customersLeft > left.length ? <p class="hint">{t.repair.leftFirst(left.length)}</p> : null}
    </section>
  );
}

/** A reason that a later version has recorded is shown by its name. */
function reasonTexts(t: Texts, reason: string): { readonly what: string; readonly toDo: string } {
  const known = Object.entries(t.repair.reasons).find(([name]) => name === reason);
  return known?.[1] ?? { what: reason, toDo: '' };
}

function Examples({ t, outcome: { examples, rows } }: ResultProps): VNode | null {
  if (examples.length === 0) return null;
  return (
    <section>
      <h2>{t.repair.examples}</h2>
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">{t.columns.streamingNo}</th>
            <th scope="col">{t.columns.customer}</th>
            <th scope="col">{t.columns.opFlag}</th>
            <ZonedHead t={t} name={t.repair.finishedAt} zone="middle" />
          </tr>
        </thead>
        <tbody>
          {examples.map((row) => (
            <tr key={rowName(row)}>
              <td data-label={t.columns.streamingNo}>
                <RowName row={row} />
              </td>
              <td data-label={t.columns.customer}>
                <KeyText text={row.custId} />
              </td>
              <td data-label={t.columns.opFlag}>{operationLabel(t, row.opFlag)}</td>
              <td data-label={t.repair.finishedAt}>
                <MiddleTime t={t} at={row.stateDate} bare />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows > examples.length ? <p class="hint">{t.repair.andMore(rows - examples.length)}</p> : null}
    </section>
  );
}

function RowName({ row }: { readonly row: { readonly table: string; readonly streamingNo: string } }): VNode {
  return (
    <a href={rowAddress(row)}>
      {shortTable(row.table)} <KeyText text={row.streamingNo} />
    </a>
  );
}
