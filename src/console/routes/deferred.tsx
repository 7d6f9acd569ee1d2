import { named } from '../../operator/named.js';
import { address, rowNamed, textOf, type Values } from '../addresses.js';
import {
  actorOf,
  forOperators,
  notFound,
  type PageResponse,
  type Console,
  type PageRequest,
} from '../console.js';
import { ConfirmRetryPage, DeferredPage, type RetryNotice } from '../pages/deferred.js';
import type { Texts } from '../texts/texts.js';
import { reasonOf } from './requeue.js';

/** How many rows are shown. */
const shownRows = 200;

/** Deferred rows, and having one of them tried at once, which asks once more and wants a reason. */
export function deferredRoutes(pages: Console): void {
  pages.get('/deferred', async ({ view, operator, query }) => {
    const rows = await operator.deferred(shownRows);
    const notice = noticeNamed(view.t, textOf(query, 'done'));
    return { page: <DeferredPage view={view} rows={rows} limit={shownRows} notice={notice} /> };
  });
  pages.get(
    '/deferred/retry',
    forOperators((question) => ask(question, question.query)),
  );
  pages.post('/deferred/retry', act);
}

function ask({ view }: PageRequest, values: Values, error?: string): PageResponse {
  const key = rowNamed(textOf(values, 'row'));
  if (key === undefined) return notFound(view);
  return {
    status: error === undefined ? 200 : 400,
    page: <ConfirmRetryPage view={view} row={named(key)} {...(error !== undefined && { error })} />,
  };
}

async function act(question: PageRequest): Promise<PageResponse> {
  const { view, operator, form } = question;
  const key = rowNamed(textOf(form, 'row'));
  if (key === undefined) return notFound(view);
  const reason = reasonOf(form);
  if (reason === null) return ask(question, form, view.t.requeue.reasonMissing);
  const { retried } = await operator.retry(actorOf(view), [key], reason);
  const done: RetryNotice = retried.length > 0 ? 'retried' : 'not-deferred';
  return { to: address('/deferred', { done }) };
}

function noticeNamed(t: Texts, text: string): RetryNotice | undefined {
  return (Object.keys(t.deferred.notices) as RetryNotice[]).find((notice) => notice === text);
}
