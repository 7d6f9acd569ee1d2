import type { VNode } from 'preact';
import type { View } from '../view.js';
import { StoreTime } from './times.js';

interface RefreshProps {
  readonly view: View;
  /** When what is shown was read. */
  readonly at: string;
  /** How often the script reads the page again. */
  readonly seconds: number;
}

/** When the page was read; the script reads it again, and takes over the parts marked data-refresh. */
export function Refresh({ view: { t }, at, seconds }: RefreshProps): VNode {
  return (
    <>
      <p class="hint">
        {t.overview.readAt}{' '}
        <span data-refresh>
          <StoreTime t={t} at={at} />
        </span>
        <span data-refresh-seconds={String(seconds)} hidden>
          {' · '}
          {t.overview.refresh(seconds)}{' '}
          <button
            type="button"
            class="link"
            data-refresh-toggle
            data-stop={t.overview.refreshStop}
            data-start={t.overview.refreshStart}
          >
            {t.overview.refreshStop}
          </button>
        </span>
      </p>
      <p class="notice warn" data-refresh-lost hidden>
        {t.overview.refreshLost}
      </p>
    </>
  );
}
