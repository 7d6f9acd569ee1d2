import type { VNode } from 'preact';
import { DatabaseError, type DatabaseErrorKind } from '../../database/errors.js';
import type { RequestError } from '../../http/console-port.js';
import { visibleText } from '../../domain/foreign-text.js';
import { Layout, Notice } from '../parts/layout.js';
import type { Texts } from '../texts/texts.js';
import type { View } from '../view.js';

interface FaultProps {
  readonly view: View;
  readonly error: RequestError;
  /** What the fault came from, where it is known. */
  readonly cause?: unknown;
  /** What to say instead of what is usual. */
  readonly hint?: string;
  /** Where the form that was sent is shown again, as it was filled in. */
  readonly form?: string | undefined;
}

/** What went wrong, and what to do about it. */
export function ErrorPage({ view, error, cause, hint: ownHint, form }: FaultProps): VNode {
  const { t, principal } = view;
  const { title, hint } = wordsOf(view, error, cause);
  // Somebody who has yet to log in has no use for the navigation.
  const plain = principal.loginNeeded && principal.name === '';
  return (
    <Layout view={view} title={title} plain={plain}>
      <Notice kind="bad">
        <p>{ownHint ?? hint}</p>
        {saysMore.has(error.code) ? (
          <p>
            {t.errors.message}: <span class="text code">{visibleText(error.message)}</span>
          </p>
        ) : null}
      </Notice>
      {form === undefined ? null : (
        <p>
          <a class="button" href={form}>
            {t.errors.backToForm}
          </a>
        </p>
      )}
      <p class="hint">HTTP {error.status}</p>
      <p>{plain ? <a href="/login">{t.session.logIn}</a> : <a href="/">{t.nav.overview}</a>}</p>
    </Layout>
  );
}

/** Codes of faults whose message says more than the words for them. */
const saysMore: ReadonlySet<string> = new Set(['unavailable', 'notTaken', 'notRecorded']);

interface FaultWords {
  readonly title: string;
  readonly hint: string;
}

function wordsOf({ t: { errors }, principal }: View, error: RequestError, cause: unknown): FaultWords {
  switch (error.code) {
    case 'unavailable':
      return databaseWords(errors, cause);
    case 'notTaken':
      return { title: errors.notTaken, hint: errors.notTakenHint };
    case 'notRecorded':
      return { title: errors.notRecorded, hint: errors.notRecordedHint };
    case 'notFound':
      return { title: errors.notFound, hint: errors.notFoundHint };
    case 'forbidden':
      return {
        title: errors.forbidden,
        hint: principal.loginNeeded ? errors.forbiddenHint : errors.noAccountsHint,
      };
    case 'badRequest':
    case 'csrf':
      return { title: errors.badRequest, hint: errors.badRequestHint };
    case 'busy':
      return { title: errors.busy, hint: errors.busyHint };
    case 'tooMany':
      return { title: errors.tooMany, hint: errors.tooManyHint };
    default:
      return { title: errors.internal, hint: errors.internalHint };
  }
}

function databaseWords(errors: Texts['errors'], cause: unknown): FaultWords {
  if (!(cause instanceof DatabaseError)) return { title: errors.databaseAway, hint: errors.databaseHint };
  const names: Readonly<Record<string, string>> = errors.databaseNames;
  const name = names[cause.database ?? ''];
  const title = name === undefined ? errors.databaseAway : `${errors.databaseAway}: ${name}`;
  return { title, hint: hintOf(errors, cause.kind) };
}

function hintOf(errors: Texts['errors'], kind: DatabaseErrorKind): string {
  if (kind === 'credentials') return errors.credentialsHint;
  if (kind === 'schema') return errors.schemaHint;
  return kind === 'timeout' ? errors.timeoutHint : errors.databaseHint;
}
