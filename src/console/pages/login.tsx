import type { VNode } from 'preact';
import { Layout, Notice, Token } from '../parts/layout.js';
import type { View } from '../view.js';

interface LoginProps {
  readonly view: View;
  /** Where to go afterwards. */
  readonly next: string;
  /** Why the try before was refused, or why there is no session any more. */
  readonly notice: 'password' | 'often' | 'loggedOut' | 'expired' | null;
}

const noticeKinds = { password: 'bad', often: 'bad', loggedOut: 'good', expired: 'warn' } as const;

/** Who are you? The server checks the answer. */
export function LoginPage({ view, next, notice }: LoginProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.login.title} plain>
      {notice === null ? null : <Notice kind={noticeKinds[notice]}>{noticeText(t, notice)}</Notice>}
      <form method="post" action="/login" class="act login">
        <input type="hidden" name="next" value={next} />
        <label>
          {t.login.name}
          <input
            name="name"
            required
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            autofocus
          />
        </label>
        <label>
          {t.login.password}
          <input name="password" type="password" required autocomplete="current-password" />
        </label>
        <button class="primary">{t.login.submit}</button>
        <p class="hint">{t.login.explain}</p>
      </form>
    </Layout>
  );
}

function noticeText({ login }: View['t'], notice: NonNullable<LoginProps['notice']>): string {
  const { refused, tooMany, loggedOut, expired } = login;
  return { password: refused, often: tooMany, loggedOut, expired }[notice];
}

/** Asks before logging out: a link alone must not do it. */
export function LogoutPage({ view }: { readonly view: View }): VNode {
  const { t, principal } = view;
  return (
    <Layout view={view} title={t.login.logoutTitle}>
      <form method="post" action="/logout" class="act">
        <Token view={view} />
        <p>{t.login.logoutQuestion(principal.name)}</p>
        <div class="actions">
          <button class="primary">{t.session.logOut}</button>
          <a class="button" href="/">
            {t.common.cancel}
          </a>
        </div>
      </form>
    </Layout>
  );
}
