/** What concerns the safety of the server, by kind, with what each is. */
export const securityKinds = {
  login:
    'Someone logged in: by the form each time, by HTTP Basic the first time from an address since the server started.',
  loginRefused:
    'A login was refused. `result`: `password` (wrong, or an unknown name), `limit` (too many wrong ones of the name or from the address) or `busy` (too many at once).',
  logout: 'Someone logged out.',
  actionRefused:
    'A request that would have changed something was refused. `result`: `forbidden` (the role does not allow it) or `csrf` (from a page of another site, or without the token of the session).',
  wrongHost: 'A request was sent to a name that is not in `http.allowedHosts`; `detail` is the name.',
  export: 'Failed rows were exported as CSV; `detail` is the filter.',
} as const;

/** A kind of security event. */
export type SecurityKind = keyof typeof securityKinds;

/** Something that concerns the safety of the server. */
export interface SecurityEvent {
  readonly kind: SecurityKind;
  /** The name of the person, or the one that a login was tried with; empty where there is none. */
  readonly name: string;
  /** The client's address. */
  readonly address: string;
  readonly via: 'console' | 'api';
  readonly result: 'ok' | 'password' | 'limit' | 'busy' | 'forbidden' | 'csrf' | 'wrongHost';
  /** The path of the request, the filter of an export, the name of a host; empty where there is none. */
  readonly detail: string;
}

/** An event as it is logged and recorded: how often it came in a minute. */
export interface CountedSecurityEvent extends SecurityEvent {
  readonly times: number;
}

const longestName = 64;
const longestDetail = 300;

/** The same with what strangers wrote cut to its room, and characters out that a terminal or a database would not bear. */
export function plainEvent(event: SecurityEvent): SecurityEvent {
  return { ...event, name: plain(event.name, longestName), detail: plain(event.detail, longestDetail) };
}

function plain(text: string, longest: number): string {
  return text.slice(0, longest).replaceAll(/\p{C}/gu, '\uFFFD');
}
