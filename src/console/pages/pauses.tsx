import type { VNode } from 'preact';
import { sources, tableOf } from '../../domain/keys.js';
import type { NamedTarget, PauseInForce } from '../../operator/contract/state.js';
import { Layout, Notice, Token } from '../parts/layout.js';
import { PauseTable, targetParameters, targetLabel } from '../parts/pause-table.js';
import { ReasonField } from '../parts/reason.js';
import type { View } from '../view.js';

/** What was done, as the address after it says. */
export type PauseNotice = keyof View['t']['pauses']['notices'];

interface PausesProps {
  readonly view: View;
  readonly pauses: readonly PauseInForce[];
  readonly notice?: PauseNotice | undefined;
  /** What was wrong with what was asked for. */
  readonly error?: string;
}

/** What is paused, and for operators the way to pause more. */
export function PausesPage({ view, pauses, notice, error }: PausesProps): VNode {
  const { t, principal } = view;
  return (
    <Layout view={view} title={t.pauses.title} page="pauses">
      {notice === undefined ? null : (
        <Notice kind={/-(already|unknown)$/.test(notice) ? 'warn' : 'good'}>
          {t.pauses.notices[notice]}
        </Notice>
      )}
      {error === undefined ? null : <Notice kind="bad">{error}</Notice>}
      <p class="hint">{t.pauses.explain}</p>
      <h2>{t.pauses.inForce}</h2>
      <PauseTable view={view} pauses={pauses} resumable />
      {principal.role === 'operator' ? <PauseForms view={view} /> : null}
    </Layout>
  );
}

function PauseForms({ view: { t } }: { readonly view: View }): VNode {
  return (
    <div class="columns">
      <form method="get" action="/pauses/pause" class="act">
        <label>
          {t.pauses.pauseTable}
          <select name="table" required>
            {sources.map((source) => (
              <option key={source}>{tableOf[source]}</option>
            ))}
          </select>
        </label>
        <button>{t.pauses.pause}</button>
      </form>
      <form method="get" action="/pauses/pause" class="act">
        <label>
          {t.pauses.pauseProduct}
          <input
            name="product"
            required
            pattern="0|[1-9][0-9]{0,29}"
            inputMode="numeric"
            placeholder="ProductID"
            title={t.failed.errors.product}
            autocomplete="off"
          />
        </label>
        <button>{t.pauses.pause}</button>
      </form>
    </div>
  );
}

interface ConfirmProps {
  readonly view: View;
  readonly action: 'pause' | 'resume';
  readonly target: NamedTarget;
  readonly error?: string;
}

/** Asks once more, with what it means, before something is paused or resumed. */
export function ConfirmPausePage({ view, action, target, error }: ConfirmProps): VNode {
  const { t } = view;
  const what = targetLabel(t, target);
  const pausing = action === 'pause';
  return (
    <Layout
      view={view}
      title={pausing ? t.pauses.pauseTitle(what) : t.pauses.resumeTitle(what)}
      page="pauses"
    >
      {error === undefined ? null : <Notice kind="bad">{error}</Notice>}
      <p>{pausing ? t.pauses.explain : null}</p>
      <Notice kind={pausing ? 'warn' : 'info'}>
        {pausing ? t.pauses.pauseWarning : t.pauses.resumeWarning}
      </Notice>
      <form method="post" action={`/pauses/${action}`} class="act">
        <Token view={view} />
        {Object.entries(targetParameters(target)).map(([name, value]: [string, string]) => (
          <input key={name} type="hidden" name={name} value={value} />
        ))}
        <ReasonField view={view} />
        <div class="actions">
          <button class="primary">{pausing ? t.pauses.confirmPause : t.pauses.confirmResume}</button>
          <a class="button" href="/pauses">
            {t.common.cancel}
          </a>
        </div>
      </form>
    </Layout>
  );
}
