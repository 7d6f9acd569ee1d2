import type { ComponentChildren, VNode } from 'preact';
import type { BackgroundRepair } from '../../operator/contract/repair.js';
import { isWhole, type RepairScope } from '../../operator/repair/repair-record.js';
import type { Texts } from '../texts/texts.js';
import { counted } from '../texts/pluralise.js';
import type { View } from '../view.js';
import { confirmAddress } from '../repair-form.js';
import { Foreign, KeyText } from './foreign.js';
import { Badge } from './labels.js';
import { Notice, Token } from './layout.js';
import { outcomeOfJob, RepairResult } from './repair-result.js';
import { durationLabel, StoreTime } from './times.js';

interface JobProps {
  readonly view: View;
  readonly job: BackgroundRepair;
  /** When it was read. */
  readonly at: string;
}

/** The present or last repair of this process: how far it is, and what came of it. */
export function RepairJobPart({ view, job, at }: JobProps): VNode {
  const { t } = view;
  const outcome = outcomeOfJob(job);
  const isRunning = job.endedAt === null;
  return (
    <section>
      <h2>
        {job.dryRun ? t.repair.dryRun : t.repair.repair}{' '}
        <Badge kind={kindOf(job)} text={t.repair.statuses[job.status]} />
      </h2>
      <Progress t={t} job={job} at={at} />
      {job.error === null ? null : (
        <Notice kind="bad">
          {t.repair.failed} <Foreign text={job.error} /> {job.dryRun ? null : t.repair.goesOn}
        </Notice>
      )}
      {isRunning && view.principal.role === 'operator' ? <Cancel view={view} job={job} /> : null}
      {outcome === null ? null : <RepairResult t={t} outcome={outcome} />}
      {job.dryRun && job.status === 'done' && view.principal.role === 'operator' ? (
        <p>
          <a class="button primary" href={confirmAddress(job)}>
            {t.repair.startRepair}
          </a>
        </p>
      ) : null}
      {!job.dryRun && !isRunning ? <p class="hint">{t.repair.compare}</p> : null}
      <JobFacts t={t} job={job} />
    </section>
  );
}

const kinds = { running: 'quiet', ending: 'warn', done: 'good', cancelled: 'warn', failed: 'bad' } as const;

/** Green is only what leaves nothing to do. */
function kindOf({ status, dryRun, report }: BackgroundRepair): (typeof kinds)[typeof status] {
  const isLeft = report !== null && (report.left.length > 0 || (!dryRun && report.alarmsOpen > 0));
  return status === 'done' && isLeft ? 'warn' : kinds[status];
}

const phases = ['rows', 'journal', 'repaired'] as const;

function Progress({ t, job, at }: Omit<JobProps, 'view'> & { readonly t: Texts }): VNode {
  const isRunning = job.endedAt === null;
  const seconds = (Date.parse(job.endedAt ?? at) - Date.parse(job.startedAt)) / 1000;
  return (
    <dl class="tiles">
      {phases.map((phase) => (
        <div key={phase} {...(isRunning && phase === job.phase ? { 'aria-current': 'step' } : {})}>
          <dt>{phase === 'repaired' && job.dryRun ? t.repair.found : t.repair.phases[phase]}</dt>
          <dd>{counted(job.progress[phase])}</dd>
        </div>
      ))}
      <div>
        <dt>{t.repair.elapsed}</dt>
        <dd>{durationLabel(t, seconds)}</dd>
      </div>
    </dl>
  );
}

function Cancel({ view, job }: Pick<JobProps, 'view' | 'job'>): VNode {
  const { t } = view;
  return (
    <form method="post" action="/repair/cancel" class="act">
      <Token view={view} />
      <p class="hint">{t.repair.cancelHint}</p>
      <button disabled={job.status === 'ending'}>{t.repair.cancel}</button>
    </form>
  );
}

function JobFacts({ t, job }: { readonly t: Texts; readonly job: BackgroundRepair }): VNode {
  const facts: readonly (readonly [name: string, value: ComponentChildren])[] = [
    [t.repair.startedBy, <Foreign text={job.who} />],
    [t.repair.startedAt, <StoreTime t={t} at={job.startedAt} />],
    [t.repair.scope, <ScopeText t={t} scope={job} />],
    [t.common.reason, <Foreign text={job.reason} />],
    [t.audit.title, job.action === null ? null : <a href={`/audit/${job.action}`}>{job.action}</a>],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([name]) => !job.dryRun || (name !== t.common.reason && name !== t.audit.title))
        .map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd class="text">{value}</dd>
          </>
        ))}
    </dl>
  );
}

/** What a repair is about, in words. */
export function ScopeText({ t, scope }: { readonly t: Texts; readonly scope: RepairScope }): VNode {
  const { custId, productId, all, takeBack } = scope;
  return (
    <>
      {isWhole(scope) ? <span class="condition">{t.repair.whole}</span> : null}
      {custId === null ? null : (
        <span class="condition">
          {t.columns.customer} = <KeyText text={custId} />
        </span>
      )}
      {productId === null ? null : (
        <span class="condition">
          {t.columns.product} = <KeyText text={productId} />
        </span>
      )}
      {all ? <span class="condition">{t.repair.all}</span> : null}
      {takeBack ? <span class="condition">{t.repair.takeBack}</span> : null}
    </>
  );
}
