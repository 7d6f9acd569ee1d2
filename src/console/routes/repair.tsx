import type { ComponentChildren } from 'preact';
import { visibleText } from '../../domain/foreign-text.js';
import { RepairRunningError, StagingError } from '../../operator/repair/repair-runner.js';
import { NoOriginError, NotOurProductError } from '../../operator/requests.js';
import { address, textOf, type Values } from '../addresses.js';
import { actorOf, forOperators, type Console, type PageRequest, type PageResponse } from '../console.js';
import { ConfirmRepairPage, RepairPage } from '../pages/repair.js';
import { repairScope } from '../repair-form.js';
import type { Texts } from '../texts/texts.js';
import { reasonOf } from './requeue.js';

/** Repairing the product store: what is lost, a dry run, the repair itself, and how far it is. */
export function repairRoutes(pages: Console): void {
  pages.get('/repair', async (question) =>
    overviewOf(
      question,
      textOf(question.query, 'refused') === 'running' ? question.view.t.repair.running : undefined,
    ),
  );
  pages.post('/repair', (question) => start(question, { dryRun: true, reason: null }));
  pages.get(
    '/repair/confirm',
    forOperators((question) => ask(question, question.query)),
  );
  pages.post('/repair/confirm', async (question) => {
    const reason = reasonOf(question.form);
    if (reason === null) return ask(question, question.form, question.view.t.requeue.reasonMissing);
    return start(question, { dryRun: false, reason });
  });
  // Where a form comes back to whose session had ended: it is asked for again.
  pages.get('/repair/cancel', () => ({ to: '/repair' }));
  pages.post('/repair/cancel', async ({ view, operator }) => {
    await operator.cancelRepair(actorOf(view));
    return { to: '/repair' };
  });
}

async function overviewOf({ view, operator }: PageRequest, error?: ComponentChildren): Promise<PageResponse> {
  const state = await operator.repairState();
  return { page: <RepairPage view={view} state={state} {...(error !== undefined && { error })} /> };
}

async function ask(question: PageRequest, values: Values, error?: ComponentChildren): Promise<PageResponse> {
  const { view, operator } = question;
  const scope = repairScope(values);
  if (scope === null) return { ...(await overviewOf(question, view.t.repair.badScope)), status: 400 };
  const state = await operator.repairState();
  const page = <ConfirmRepairPage {...{ view, state, scope }} {...(error !== undefined && { error })} />;
  return { page, status: error === undefined ? 200 : 400 };
}

async function start(
  question: PageRequest,
  options: { readonly dryRun: boolean; readonly reason: string | null },
): Promise<PageResponse> {
  const { view, operator, form } = question;
  const scope = repairScope(form);
  if (scope === null) return ask(question, form);
  try {
    await operator.startRepair(actorOf(view), { ...scope, ...options });
    return { to: '/repair' };
  } catch (error) {
    // The page reads itself again meanwhile: it must be one that can be loaded again.
    if (error instanceof RepairRunningError) return { to: address('/repair', { refused: 'running' }) };
    const refusal = refusalOf(view.t, error);
    if (refusal === null) throw error;
    return ask(question, form, refusal);
  }
}

/** Why a repair cannot be started, in words; null: something else went wrong. */
function refusalOf({ repair }: Texts, error: unknown): string | null {
  if (error instanceof NoOriginError) return repair.noOrigin;
  if (error instanceof NotOurProductError) return repair.notOurs;
  return error instanceof StagingError ? `${repair.staging} ${visibleText(error.message)}` : null;
}
