import { pauseTarget } from '../../operator/inputs.js';
import { namedTarget } from '../../operator/named.js';
import type { PauseTarget } from '../../store/port.js';
import { address, textOf, type Values } from '../addresses.js';
import { actorOf, forOperators, type PageResponse, type Console, type PageRequest } from '../console.js';
import { ConfirmPausePage, PausesPage, type PauseNotice } from '../pages/pauses.js';
import type { Texts } from '../texts/texts.js';
import { reasonOf } from './requeue.js';

type Action = 'pause' | 'resume';

/** Pausing and resuming; each asks once more and wants a reason. */
export function pauseRoutes(pages: Console): void {
  pages.get('/pauses', async ({ view, operator, query }) => {
    const notice = noticeNamed(view.t, textOf(query, 'done'));
    return { page: <PausesPage view={view} pauses={await operator.pauses()} notice={notice} /> };
  });
  for (const action of ['pause', 'resume'] as const) {
    pages.get(
      `/pauses/${action}`,
      forOperators((question) => ask(question, action, question.query)),
    );
    pages.post(`/pauses/${action}`, (question) => act(question, action));
  }
}

async function ask(
  question: PageRequest,
  action: Action,
  values: Values,
  error?: string,
): Promise<PageResponse> {
  const { view } = question;
  const target = targetOf(values);
  if (target === null) return withoutTarget(question);
  return {
    status: error === undefined ? 200 : 400,
    page: (
      <ConfirmPausePage
        {...{ view, action, target: namedTarget(target) }}
        {...(error !== undefined && { error })}
      />
    ),
  };
}

async function act(question: PageRequest, action: Action): Promise<PageResponse> {
  const { view, operator, form } = question;
  const target = targetOf(form);
  if (target === null) return withoutTarget(question);
  const reason = reasonOf(form);
  if (reason === null) return ask(question, action, form, view.t.requeue.reasonMissing);
  const changed = await operator[action](actorOf(view), target, reason);
  const isDoubtful = changed && action === 'pause' && !(await operator.knowsTarget(target));
  const done: PauseNotice = isDoubtful ? 'paused-unknown' : changed ? `${action}d` : `${action}d-already`;
  return { to: address('/pauses', { done }) };
}

async function withoutTarget({ view, operator }: PageRequest): Promise<PageResponse> {
  const pauses = await operator.pauses();
  return { status: 400, page: <PausesPage view={view} pauses={pauses} error={view.t.pauses.badTarget} /> };
}

function targetOf(values: Values): PauseTarget | null {
  const table = textOf(values, 'table');
  const given = table === '' ? { productId: textOf(values, 'product') } : { table };
  return pauseTarget.safeParse(given).data ?? null;
}

function noticeNamed(t: Texts, text: string): PauseNotice | undefined {
  return (Object.keys(t.pauses.notices) as PauseNotice[]).find((notice) => notice === text);
}
