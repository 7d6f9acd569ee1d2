import { isCanonicalNumber } from '../../../domain/keys.js';
import type { PauseTarget } from '../../../store/records-port.js';
import { address, sourceNamed, textOf, type Values } from '../addresses.js';
import { actorOf, forOperators, type Answer, type Console, type Question } from '../console.js';
import { ConfirmPausePage, PausesPage, type PauseNotice } from '../pages/pauses.js';
import type { Texts } from '../texts/texts.js';
import { reasonOf } from './requeue.js';

type Action = 'pause' | 'resume';

/** Pausing and resuming; each asks once more and wants a reason. */
export function pauseRoutes(pages: Console): void {
  pages.get('/pauses', async ({ view, desk, query }) => {
    const notice = noticeNamed(view.t, textOf(query, 'done'));
    return { page: <PausesPage view={view} pauses={await desk.pauses()} notice={notice} /> };
  });
  for (const action of ['pause', 'resume'] as const) {
    pages.get(
      `/pauses/${action}`,
      forOperators((question) => ask(question, action, question.query)),
    );
    pages.post(`/pauses/${action}`, (question) => act(question, action));
  }
}

async function ask(question: Question, action: Action, values: Values, fault?: string): Promise<Answer> {
  const { view } = question;
  const target = targetOf(values);
  if (target === null) return withoutTarget(question);
  return {
    status: fault === undefined ? 200 : 400,
    page: <ConfirmPausePage {...{ view, action, target }} {...(fault !== undefined && { fault })} />,
  };
}

async function act(question: Question, action: Action): Promise<Answer> {
  const { view, desk, form } = question;
  const target = targetOf(form);
  if (target === null) return withoutTarget(question);
  const reason = reasonOf(form);
  if (reason === null) return ask(question, action, form, view.t.requeue.reasonMissing);
  const changed = await desk[action](actorOf(view), target, reason);
  const isDoubtful = changed && action === 'pause' && !(await desk.knowsTarget(target));
  const done: PauseNotice = isDoubtful ? 'paused-unknown' : changed ? `${action}d` : `${action}d-already`;
  return { to: address('/pauses', { done }) };
}

async function withoutTarget({ view, desk }: Question): Promise<Answer> {
  const pauses = await desk.pauses();
  return { status: 400, page: <PausesPage view={view} pauses={pauses} fault={view.t.pauses.badTarget} /> };
}

function targetOf(values: Values): PauseTarget | null {
  const source = sourceNamed(textOf(values, 'table'));
  if (source !== undefined) return { source };
  const productId = textOf(values, 'product');
  return isCanonicalNumber(productId) ? { productId } : null;
}

function noticeNamed(t: Texts, text: string): PauseNotice | undefined {
  return (Object.keys(t.pauses.notices) as PauseNotice[]).find((notice) => notice === text);
}
