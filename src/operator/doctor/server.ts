import { errContentMaxBytes } from '../../domain/err-content.js';
import { tableOf } from '../../domain/keys.js';
import type { ColumnDescription, MiddleKind, ServerDescription } from '../../middle/admin-port.js';
import type { Finding, Level } from '../contract/checks.js';
import { fine } from './finding.js';

/** Checks the server: its version, and what its character set does to Chinese texts. */
export function serverFindings(
  kind: MiddleKind,
  server: ServerDescription,
  columns: readonly ColumnDescription[],
): Finding[] {
  return [
    versionFinding(kind, server),
    found(characterSetAssessment[kind](server.characterSet)),
    ...(kind === 'oracle' ? lengthFindings(server.characterSet, columns) : []),
  ];
}

function versionFinding(kind: MiddleKind, { product, version }: ServerDescription): Finding {
  const finding = `${product} ${version}`.trim();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (kind !== 'oracle' || major > 12 || (major === 12 && minor >= 1)) return fine('server', finding);
  return {
    area: 'server',
    level: 'error',
    finding: `${finding} is below 12.1`,
    whatToDo: 'Oracle 12.1 or later is needed: upgrade it, or reach the tables through a later one',
  };
}

/** The finding for a character set. */
interface Assessment {
  readonly level: Level;
  readonly finding: string;
  readonly whatToDo: string | null;
}

function found(assessment: Assessment): Finding {
  return { area: 'server', ...assessment };
}

const ok = (finding: string): Assessment => ({ level: 'ok', finding, whatToDo: null });

const characterSetAssessment: Readonly<Record<MiddleKind, (set: string) => Assessment>> = {
  oracle: oracleSet,
  postgresql: postgresSet,
  sqlite: (set) => ok(`texts are kept in ${set}`),
};

/** Character sets of Oracle by the bytes of a Chinese character; in any other it takes an unknown number. */
const chineseBytes: Readonly<Record<string, number>> = {
  AL32UTF8: 3,
  UTF8: 3,
  ZHS16GBK: 2,
  ZHS16CGB231280: 2,
};

/** Text that does not fit an Oracle character set is not refused: it arrives as a question mark. */
function oracleSet(set: string): Assessment {
  const bytes = chineseBytes[set];
  const size = bytes === undefined ? '' : `, in which a Chinese character takes ${bytes} bytes`;
  const kept = `the database's character set is ${set}`;
  if (set === 'AL32UTF8') return ok(`${kept}${size}`);
  if (/^ZHS16/.test(set)) {
    return {
      level: 'warning',
      finding: `${kept}${size}: it has no emoji and lacks rare characters, which arrive as "?"`,
      whatToDo:
        'accept it where names hold none of them, and keep to the set in error texts of your own; ' +
        'otherwise the database must be migrated to AL32UTF8',
    };
  }
  // One byte per character, as the 7 or 8 bits in the name show: US7ASCII, WE8ISO8859P1, WE8MSWIN1252, …
  if (/^[A-Z]+[78][A-Z]/.test(set)) {
    return {
      level: 'error',
      finding: `${kept}, which has no Chinese characters: they are lost, error texts arrive as "????"`,
      whatToDo: 'the database must be migrated to AL32UTF8 (or ZHS16GBK); nothing on this side can help',
    };
  }
  return {
    level: 'warning',
    finding: `${kept}${size}: neither AL32UTF8 nor ZHS16GBK, with which alone bnet-sync is meant to work`,
    whatToDo:
      'try a row with a Chinese name and a failing one: "?" in the product store or in ErrContent is a lost character, ' +
      'ORA-12899 a text that grew',
  };
}

/** PostgreSQL refuses a text with a character that its encoding lacks. */
function postgresSet(set: string): Assessment {
  const kept = `texts are kept in ${set}`;
  if (set === 'UTF8') return ok(kept);
  if (set === 'SQL_ASCII') {
    return {
      level: 'warning',
      finding: `${kept}: the database does not know characters, and lengths count bytes`,
      whatToDo: 'see that every program writes UTF-8 there; a database with ENCODING UTF8 makes sure',
    };
  }
  const hasChinese = set === 'EUC_CN';
  return {
    level: hasChinese ? 'warning' : 'error',
    finding: hasChinese
      ? `${kept}, which lacks rare characters: an error text with one is refused`
      : `${kept}: Chinese error texts are refused, and their rows are never answered`,
    whatToDo: 'create a database with ENCODING UTF8',
  };
}

/** How much text fits into ErrContent, as its columns count it; per table if they differ. */
function lengthFindings(set: string, columns: readonly ColumnDescription[]): Finding[] {
  const ofTables = Object.values(tableOf).flatMap((table) => {
    const column = columns.find(
      (each) => `${each.table}.${each.column}`.toLowerCase() === `${table}.errcontent`.toLowerCase(),
    );
    return column === undefined ? [] : [{ table, type: column.type }];
  });
  const types = new Set(ofTables.map(({ type }) => type));
  if (types.size === 1) return [...types].flatMap((type) => lengthFinding('ErrContent', set, type));
  return ofTables.flatMap(({ table, type }) => lengthFinding(`${table}.ErrContent`, set, type));
}

function lengthFinding(column: string, set: string, type: string): Finding[] {
  const [, length, counts] = /\((\d+) (BYTE|CHAR)\)$/.exec(type) ?? [];
  if (length === undefined) return [];
  const bytes = chineseBytes[set];
  const room =
    counts === 'CHAR' ? Number(length) : bytes === undefined ? null : Math.floor(Number(length) / bytes);
  const fits = room === null ? '' : `: ${room} Chinese characters fit`;
  const cut = `bnet-sync cuts its texts to ${errContentMaxBytes} bytes of UTF-8, ${Math.floor(errContentMaxBytes / 3)} Chinese characters`;
  const unit = counts === 'CHAR' ? 'characters' : 'bytes';
  return [fine('server', `${column} counts ${unit} (${type})${fits}; ${cut}`)];
}
