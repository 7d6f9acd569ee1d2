import { localAddress } from '../../http/local-address.js';
import { textOf } from '../addresses.js';
import type { Console } from '../console.js';
import { LoginPage, LogoutPage } from '../pages/login.js';

/** The forms to log in and out; the server does both. */
export function loginRoutes(pages: Console): void {
  pages.get(
    '/login',
    ({ view, query }) => {
      const next = localAddress(textOf(query, 'next'));
      const refused = (['password', 'often'] as const).find((word) => word === textOf(query, 'refused'));
      const ended = (['loggedOut', 'expired'] as const).find((word) => textOf(query, word) !== '') ?? null;
      if (!view.principal.loginNeeded) return { to: next };
      return {
        status: refused === undefined ? 200 : refused === 'often' ? 429 : 403,
        page: <LoginPage view={view} next={next} notice={refused ?? ended} />,
      };
    },
    { config: { open: true } },
  );
  pages.get('/logout', ({ view }) =>
    view.principal.name === '' ? { to: '/' } : { page: <LogoutPage view={view} /> },
  );
}
