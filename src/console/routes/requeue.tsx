import { rowId, type RowKey } from '../../domain/keys.js';
import { inputLimits, reason } from '../../operator/inputs.js';
import { address, textOf, textsOf, rowNamed, type Values } from '../addresses.js';
import { actorOf, forOperators, type PageResponse, type Console, type PageRequest } from '../console.js';
import { filterForm, filterParameters } from '../filter-form.js';
import { FailedPage } from '../pages/failed.js';
import { MatchingPage } from '../pages/requeue-matching.js';
import { RequeuePage } from '../pages/requeue.js';

const dryRun = { dryRun: true, reason: null } as const;

/** Putting failed rows back: chosen ones, or all that match a filter; each asks once more and wants a reason. */
export function requeueRoutes(pages: Console): void {
  pages.get(
    '/requeue',
    forOperators((question) => askChosen(question, question.query)),
  );
  pages.post('/requeue', putBackChosen);
  pages.get(
    '/requeue-matching',
    forOperators((question) => askMatching(question, question.query)),
  );
  pages.post('/requeue-matching', putBackMatching);
}

async function askChosen(
  { view, operator }: PageRequest,
  values: Values,
  error?: string,
): Promise<PageResponse> {
  const keys = chosen(values);
  const { t } = view;
  const problem =
    error ??
    (keys.length === 0
      ? t.requeue.noneChosen
      : keys.length > inputLimits.named
        ? t.requeue.tooMany(inputLimits.named)
        : undefined);
  const asked = keys.length > inputLimits.named ? [] : keys;
  const report = await operator.requeue(actorOf(view), asked, dryRun);
  return {
    status: problem === undefined ? 200 : 400,
    page: <RequeuePage view={view} report={report} {...(problem !== undefined && { error: problem })} />,
  };
}

async function putBackChosen(question: PageRequest): Promise<PageResponse> {
  const { view, operator, form } = question;
  const keys = chosen(form);
  const reason = reasonOf(form);
  if (reason === null) return askChosen(question, form, view.t.requeue.reasonMissing);
  if (keys.length === 0 || keys.length > inputLimits.named) return askChosen(question, form);
  const { action } = await operator.requeue(actorOf(view), keys, { dryRun: false, reason });
  // Nothing was to be changed: the page that asks says why.
  return { to: action === null ? rowsAddress(keys) : actionAddress(action) };
}

async function askMatching(
  { view, operator }: PageRequest,
  values: Values,
  error?: string,
): Promise<PageResponse> {
  const form = filterForm(values);
  if (form.errors.length > 0)
    return { status: 400, page: <FailedPage view={view} form={form} list={null} continued={false} /> };
  const { filter } = form;
  const report = await operator.requeueMatching(actorOf(view), { filter }, dryRun);
  return {
    status: error === undefined ? 200 : 400,
    page: <MatchingPage {...{ view, filter, report }} {...(error !== undefined && { error })} />,
  };
}

async function putBackMatching(question: PageRequest): Promise<PageResponse> {
  const { view, operator, form } = question;
  const { filter, errors } = filterForm(form);
  const continues = textOf(form, 'continues');
  const reason = reasonOf(form);
  if (errors.length > 0) return askMatching(question, form);
  // What is gone on with may have been begun by a command, without a reason.
  if (reason === null && continues === '') return askMatching(question, form, view.t.requeue.reasonMissing);
  const target = continues === '' ? { filter } : { continues };
  const report = await operator.requeueMatching(actorOf(view), target, { dryRun: false, reason });
  const { action, matched } = report;
  if (action !== null) return { to: actionAddress(action, matched.atLeast) };
  return {
    to: continues === '' ? address('/requeue-matching', filterParameters(filter)) : actionAddress(continues),
  };
}

/** Where the outcome of an action is shown; `goesOn`: the page goes on with what is left. */
function actionAddress(id: string, goesOn = false): string {
  return address(`/audit/${id}`, { goOn: goesOn ? 'yes' : undefined });
}

function rowsAddress(keys: readonly RowKey[]): string {
  return `/requeue?${new URLSearchParams(keys.map((key) => ['row', rowId(key)])).toString()}`;
}

function chosen(values: Values): readonly RowKey[] {
  return textsOf(values, 'row').flatMap((name) => rowNamed(name) ?? []);
}

/** The reason that a form gives, or null where it gives none that can be taken. */
export function reasonOf(form: Values): string | null {
  return reason.safeParse(textOf(form, 'reason')).data ?? null;
}
