import type { OnProgress, Phase } from '../../operator/verify/load.js';
import { showProgress, type Progress } from '../progress.js';

const wordsOf: Readonly<Record<Phase, string>> = {
  rows: 'finished rows read',
  journal: 'journal entries read',
  records: 'records read',
  compared: 'customers compared',
  rechecked: 'customers rechecked',
  repaired: 'rows applied once more',
};

/** Shows the phases of a verification on stderr, one after another. */
export function phaseProgress(quiet: boolean): { readonly show: OnProgress; end(): void } {
  let phase: Phase | null = null;
  let progress: Progress | null = null;
  const end = (): void => {
    progress?.end();
    progress = null;
  };
  return {
    show: (now, done, total) => {
      // Differences are printed meanwhile: a bar on the same terminal would be torn.
      if (now === 'rechecked' && process.stdout.isTTY) {
        end();
        return;
      }
      if (now !== phase) {
        end();
        progress = showProgress(wordsOf[now], total ?? Infinity, quiet);
        phase = now;
      }
      progress?.show(done, '', total);
    },
    end,
  };
}
