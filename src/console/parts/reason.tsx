import type { VNode } from 'preact';
import { inputLimits } from '../../operator/inputs.js';
import type { View } from '../view.js';

/** Where the reason of an action is written; there is no action without one. */
export function ReasonField({ view }: { readonly view: View }): VNode {
  const { t } = view;
  return (
    <label class="reason">
      {t.common.reason}
      <textarea
        name="reason"
        required
        maxLength={inputLimits.reason}
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
