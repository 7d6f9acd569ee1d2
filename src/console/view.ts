import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OpenAlarm } from '../operator/contract/state.js';
import type { ConsoleParts, Principal } from '../http/console-port.js';
import { address, textOf, type Values } from './addresses.js';
import type { AssetAddresses } from './assets.js';
import { acceptedLanguage, languageNamed } from './texts/language.js';
import { catalogues, type Language, type Texts } from './texts/texts.js';

/** What every page is rendered with. */
export interface View {
  readonly t: Texts;
  readonly language: Language;
  readonly principal: Principal;
  readonly version: string;
  readonly assets: AssetAddresses;
  /** Open alarms of the product store, for every page to show. */
  readonly alarms: readonly OpenAlarm[];
  /** The reason of an action as it was typed before, for a form that is shown again. */
  readonly typedReason: string;
  /** The address of this page in another language. */
  inLanguage(language: Language): string;
}

const languageCookie = 'bnet_sync_language';
const yearSeconds = 365 * 86_400;

/** The view of whoever asks: the language by `?lang=`, else by the cookie, else by the browser. */
export function viewOf(
  request: FastifyRequest,
  parts: Pick<ConsoleParts, 'sessionOf' | 'version'> & { readonly assets: AssetAddresses },
): View {
  const language = chosenLanguage(request) ?? acceptedLanguage(request.headers['accept-language']);
  return {
    t: catalogues[language],
    language,
    principal: parts.sessionOf(request),
    version: parts.version,
    assets: parts.assets,
    alarms: [],
    typedReason: textOf(valuesOf(request.body), 'reason') || textOf(valuesOf(request.query), 'reason'),
    inLanguage: (other) => addressIn(request, other),
  };
}

/** Keeps a language that the address asks for, for the pages to come. */
export function rememberLanguage(request: FastifyRequest, reply: FastifyReply): void {
  const language = languageNamed(valuesOf(request.query)['lang']);
  if (language === undefined) return;
  const cookie = `${languageCookie}=${language}; Path=/; Max-Age=${yearSeconds}; HttpOnly; SameSite=Lax`;
  reply.header('set-cookie', cookie);
}

/** A query or a form as values by name. */
export function valuesOf(parsed: unknown): Values {
  return typeof parsed === 'object' && parsed !== null ? (parsed as Values) : {};
}

function chosenLanguage(request: FastifyRequest): Language | undefined {
  const asked = languageNamed(valuesOf(request.query)['lang']);
  if (asked !== undefined) return asked;
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim().split('='));
  return languageNamed(cookies.find(([name]) => name === languageCookie)?.[1]);
}

/** A form's answer has no address to come back to by itself, so its switch leads to the start. */
function addressIn(request: FastifyRequest, language: Language): string {
  if (request.method !== 'GET') return address('/', { lang: language });
  const url = new URL(request.url, 'http://console.invalid');
  url.searchParams.set('lang', language);
  return `${url.pathname}${url.search}`;
}
