import { DatabaseError, type DatabaseErrorKind } from '../../database/errors.js';

/*
 * Meaning of the driver's errors. ORA numbers come from the server, NJS from the driver, DPI from its Thick mode. The
 * driver's own `isRecoverable` does not help: it is false for a server that is down, and true for a commit of unknown
 * outcome.
 */

const kinds: readonly (readonly [DatabaseErrorKind, string])[] = [
  // Wrong or missing user and password, no CREATE SESSION; locked and expired accounts; a password kept in an old form.
  ['credentials', '1004 1005 1017 1045 28000 28001 28002 28003 NJS-101 NJS-116 NJS-136 NJS-140'],
  // Sessions and processes used up, instance starting or down, listener and names, TLS, too old a server.
  [
    'unreachable',
    `18 20 1033 1034 1035 1090 2391 12154 12170 12203 12224 12500 12502 12504 12505 12509 12513 12514 12515 12516 12518
     12519 12520 12521 12523 12525 12526 12527 12528 12529 12533 12535 12536 12541 12543 12545 12560 12564 12660 27101
     NJS-138 NJS-173 NJS-503 NJS-504 NJS-505 NJS-506 NJS-507 NJS-508 NJS-510 NJS-511 NJS-512 NJS-513 NJS-514
     NJS-515 NJS-516 NJS-517 NJS-518 NJS-519 NJS-520 NJS-522 NJS-529 NJS-530 NJS-531 NJS-532 NJS-533 NJS-536`,
  ],
  // Killed, idle or connected for too long, instance shut down, end of the channel.
  [
    'connectionLost',
    `22 28 31 45 602 603 609 1012 1041 1043 1089 1092 2396 2399 3113 3114 3135 3136 3138 12152 12153 12157 12161 12537
     12547 12570 12571 12583 12592 25402 25403 25404 25405 25407 25408 25409 25425 NJS-003 NJS-500 NJS-501 NJS-509
     NJS-521 DPI-1010 DPI-1080`,
  ],
  // Cancelled: by call time-out, resource plan, or hand.
  ['timeout', '40 1013 56735 NJS-123 DPI-1067'],
  // Locked, deadlock, snapshot too old, library cache, serialisation.
  ['locked', '54 30006'],
  ['conflict', '60 104 1555 4020 4021 4068 8176 8177 22924'],
  // Internal errors, archiver, files and blocks, space, limits of the profile, memory, read-only.
  [
    'unavailable',
    `255 257 376 378 600 700 1109 1110 1113 1114 1115 1116 1122 1157 1536 1552 1578 1628 1630 1631 1632 1650 1651 1652
     1653 1654 1655 1658 1659 1688 1691 1692 1693 2392 2393 2394 2395 3150 4030 4031 4036 7445 16000 16456 19502 19504
     19809 19815 25153 27072 30036`,
  ],
  // Unusable indexes, wrong objects and names, looping synonyms, invalid views and triggers. 900 to 999 besides (`kindOfNumber`).
  [
    'schema',
    `1031 1446 1502 1720 1732 1733 1747 1775 1776 1779 1795 2014 2019 2030 2289 3001 4043 4063 4088 4098 8102 12840 38029
     41900`,
  ],
  // 14402, a row that may not move between partitions, may concern one partition only; if it concerns all, the breaker
  // opens.
  ['constraint', '1 1400 1407 2091 2290 2291 2292 14400 14402 28115'],
  [
    'data',
    '1401 1426 1438 1461 1722 1830 1839 1841 1843 1847 1858 1861 6502 12899 22835 29275 NJS-011 NJS-058',
  ],
];

const kindByCode: ReadonlyMap<string, DatabaseErrorKind> = new Map(
  kinds.flatMap(([kind, codes]) => codes.split(/\s+/).map((code) => [oraCode(code), kind] as const)),
);

/** What a DBA does about errors whose text does not say it. */
const cures: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'NJS-116':
      'the server has only the 10G form of the password; let a DBA set SEC_CASE_SENSITIVE_LOGON to TRUE and the password ' +
      'anew with SQLNET.ALLOWED_LOGON_VERSION_SERVER at 11 or higher (DBA_USERS.PASSWORD_VERSIONS then shows 11G or 12C), ' +
      'or use Thick mode (middle.oracle.thick)',
    'NJS-138': 'bnet-sync needs Oracle 12.1 or later, in Thick mode as well',
    'ORA-03001':
      'a table, or a view or synonym in its place, does not take the statement: middle.schema must lead to the tables',
    'ORA-04063': 'compile the view or what it is made of: SELECT * FROM ALL_ERRORS shows why',
    'ORA-04088': 'let the owner of the trigger correct or disable it',
    'ORA-04098':
      'compile or disable the trigger (ALTER TRIGGER … COMPILE): SELECT * FROM ALL_ERRORS shows why',
    'ORA-14402':
      'the table is partitioned by a column that bnet-sync updates: let its owner run ALTER TABLE … ENABLE ROW MOVEMENT',
  }),
);

/** `942` as the driver writes it, `ORA-00942`; other codes unchanged. */
function oraCode(code: string): string {
  return /^\d+$/.test(code) ? `ORA-${code.padStart(5, '0')}` : code;
}

/** An error of the driver; `number` is the server's, if the driver replaced its code. */
interface DriverError extends Error {
  readonly code?: unknown;
  readonly errorNum?: unknown;
}

/** Translates a driver error; others pass through unchanged. */
export function classifyOracle(error: unknown): unknown {
  if (error instanceof DatabaseError || !(error instanceof Error)) return error;
  const { errorNum } = error as DriverError;
  const code = codeOf(error);
  if (code === undefined) return error;
  // Any error that ends a connection is NJS-500; the server's number is more specific.
  const replaced = code === 'NJS-500' && typeof errorNum === 'number' && errorNum > 0;
  const serverCode = replaced ? oraCode(String(errorNum)) : code;
  const kind = kindByCode.get(serverCode) ?? kindByCode.get(code) ?? kindOfNumber(serverCode);
  const bytes = serverCode === 'ORA-12899' ? /maximum: (\d+)/.exec(error.message)?.[1] : undefined;
  const room = bytes === undefined ? undefined : { bytes: Number(bytes) };
  const words = [plainMessage(error.message), cures.get(serverCode) ?? []].flat().join('; ');
  return new DatabaseError(kind, words, { code: serverCode, room, cause: error });
}

/** Items of batch errors, and some connection errors, have their code only in the message. */
function codeOf(error: DriverError): string | undefined {
  const code = typeof error.code === 'string' ? error.code : error.message;
  return /^(?:ORA|NJS|DPI|OCI|TNS)-\d+/.exec(code)?.[0];
}

/** 900 to 999: the server rejects the statement: no such table, column, or syntax. */
function kindOfNumber(code: string): DatabaseErrorKind {
  return /^ORA-009\d\d$/.test(code) ? 'schema' : 'other';
}

/** The server's message in one line, without its documentation link. */
function plainMessage(message: string): string {
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(Help|More Details|Cause):? ?:?\s*https?:/i.test(line))
    .join('; ');
}
