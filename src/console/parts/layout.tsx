import type { ComponentChildren, VNode } from 'preact';
import { rowAddress } from '../addresses.js';
import { languageNames, languages, languageTags } from '../texts/texts.js';
import type { View } from '../view.js';
import { Foreign } from './foreign.js';
import { StoreTime } from './times.js';

/** The pages of the navigation. */
const navigation = [
  { name: 'overview', href: '/' },
  { name: 'failures', href: '/failure-groups' },
  { name: 'failed', href: '/failed' },
  { name: 'processing', href: '/processing' },
  { name: 'deferred', href: '/deferred' },
  { name: 'pauses', href: '/pauses' },
  { name: 'verification', href: '/verify' },
  { name: 'workers', href: '/workers' },
  { name: 'repair', href: '/repair' },
  { name: 'audit', href: '/audit' },
] as const;

/** How many rows an alarm names. */
const namedRows = 3;

/** A page of the navigation. */
type PageName = (typeof navigation)[number]['name'];

interface LayoutProps {
  readonly view: View;
  readonly title: string;
  /** Which page of the navigation this is, or is a part of. */
  readonly page?: PageName;
  /** Without navigation: nobody is logged in. */
  readonly plain?: boolean;
  readonly children: ComponentChildren;
}

/** A whole page. */
export function Layout({ view, title, page, plain, children }: LayoutProps): VNode {
  const { t, assets, language } = view;
  return (
    <html lang={languageTags[language]}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · ${t.product}`}</title>
        <link rel="icon" href={assets.icon} type="image/svg+xml" />
        <link rel="stylesheet" href={assets.style} />
        <script src={assets.script} defer />
      </head>
      <body>
        <a class="skip" href="#content">
          {t.nav.skip}
        </a>
        <header class="top">
          <a class="brand" href="/">
            {t.product}
          </a>
          {plain === true ? <span class="spring" /> : <Navigation view={view} page={page} />}
          <Session view={view} />
        </header>
        <main id="content" tabIndex={-1}>
          <h1>{title}</h1>
          {plain === true ? null : <Alarms view={view} />}
          {children}
        </main>
        <footer>bnet-sync {view.version}</footer>
      </body>
    </html>
  );
}

/** On every page: nothing else matters as long as an alarm is open. The overview takes it over when it reads itself again. */
function Alarms({ view: { t, alarms } }: { readonly view: View }): VNode {
  const [first] = alarms;
  return (
    <div data-refresh>
      {first === undefined ? null : (
        <Notice kind="bad">
          <strong>{t.alarm.title}</strong>
          <p>{t.alarm.kinds[first.kind](first.rows)}</p>
          {first.examples.length === 0 ? null : (
            <p>
              {t.alarm.examples}{' '}
              {first.examples.slice(0, namedRows).map((row, index) => (
                <>
                  {index === 0 ? null : ', '}
                  <a href={rowAddress(row)}>
                    {row.table} <Foreign text={row.streamingNo} />
                  </a>
                </>
              ))}
            </p>
          )}
          <p>
            {t.alarm.since} <StoreTime t={t} at={first.raisedAt} />
          </p>
          <p>{t.alarm.hints[first.kind]}</p>
          <a class="button" href="/repair">
            {t.repair.link}
          </a>
        </Notice>
      )}
    </div>
  );
}

function Navigation({ view, page }: { readonly view: View; readonly page: PageName | undefined }): VNode {
  return (
    <nav aria-label={view.t.nav.label}>
      <ul>
        {navigation.map(({ name, href }) => (
          <li key={name}>
            <a href={href} {...(name === page ? { 'aria-current': 'page' } : {})}>
              {view.t.nav[name]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Session({ view }: { readonly view: View }): VNode {
  const { t, principal } = view;
  return (
    <div class="session">
      {principal.name === '' ? null : (
        <span>
          <Foreign text={principal.name} /> <small>{t.session.role[principal.role]}</small>
        </span>
      )}
      {principal.name === '' ? null : (
        <form method="post" action="/logout">
          <Token view={view} />
          <button class="link">{t.session.logOut}</button>
        </form>
      )}
      <span class="languages" role="group" aria-label={t.session.language}>
        {languages.map((language) => (
          <a
            key={language}
            href={view.inLanguage(language)}
            lang={languageTags[language]}
            hreflang={languageTags[language]}
            {...(language === view.language ? { 'aria-current': 'true' } : {})}
          >
            {languageNames[language]}
          </a>
        ))}
      </span>
    </div>
  );
}

/** Shows that a form was made by this console for this session. */
export function Token({ view }: { readonly view: View }): VNode {
  return <input type="hidden" name="csrfToken" value={view.principal.csrfToken} />;
}

/** Something to be read before all else. */
export function Notice(props: {
  readonly kind: 'good' | 'bad' | 'warn' | 'info';
  readonly children: ComponentChildren;
}): VNode {
  return (
    <div class={`notice ${props.kind}`} role={props.kind === 'bad' ? 'alert' : 'status'}>
      {props.children}
    </div>
  );
}
