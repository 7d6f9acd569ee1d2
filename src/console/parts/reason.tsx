import type { VNode } from 'preact';
import type { View } from '../view.js';

/** The longest reason that is taken. */
export const reasonLimit = 500;

/** Where the reason of an action is written; there is no action without one. */
export function ReasonField({ view }: { readonly view: View }): VNode {
  const { t } = view;
  return (
    <label class="reason">
      {t.common.reason}
      <textarea
        name="reason"
        required
        maxLength={reasonLimit}
        rows={2}
        aria-describedby="reason-hint"
        autocomplete="off"
      >
        {view.typedReason}
      </textarea>
      <span class="hint" id="reason-hint">
        {t.common.reasonHint}
      </span>
    </label>
  );
}
