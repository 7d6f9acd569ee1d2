import { isScalar, LineCounter, parse, parseDocument, visit, type Document } from 'yaml';

import { ConfigError, type ConfigIssue } from './config-error.js';
import { connectionKeys } from './connection.js';

const quoteHint = 'quote values that begin with * & ! | > % @';

/**
 * The content of a configuration file, YAML or JSON (which is YAML). An empty file is an empty
 * configuration. Every fault of the syntax is reported with its place, never with the text there,
 * which may be a secret.
 *
 * @param file - the file's name, for the faults
 * @throws ConfigError when the text is not YAML
 */
export function readYaml(text: string, file: string): unknown {
  const lines = new LineCounter();
  // Keys stay strings, so that a key such as `12:` cannot become something else.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${String(line)}:${String(col)}`;
  };
  // A warning is an unknown tag or directive: most likely a value that should have been quoted.
  const issues: ConfigIssue[] = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    path: place(pos[0]),
    message: withoutSource(code, message),
  }));
  const loose = looseAliases(document);
  issues.push(
    ...loose.map((offset) => ({
      path: place(offset),
      message: `Alias (*) without its anchor: ${quoteHint}`,
    })),
  );
  if (issues.length > 0) throw new ConfigError(issues);
  keepText(document);
  return document.toJS() ?? {};
}

/** In place of the library's messages that quote the source in their midst, or speak to programmers. */
const ownMessages: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: 'Invalid escape sequence in double quotes',
  MULTIPLE_DOCS: 'A configuration is one document',
  TAG_RESOLVE_FAILED: `Unknown tag (!): ${quoteHint}`,
};

/** The library's other messages quote the source after a colon, if at all. */
function withoutSource(code: string, message: string): string {
  const own = ownMessages[code];
  if (own !== undefined) return own;
  const [what = message, quoted] = message.split(': ', 2);
  return quoted === undefined && code !== 'BAD_SCALAR_START' ? what : `${what}: ${quoteHint}`;
}

/** Offsets of the aliases that nothing was named for. */
function looseAliases(document: Document.Parsed): number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) offsets.push(alias.range?.[0] ?? 0);
    },
  });
  return offsets;
}

/** Gives text options (a password 007, a database 2024) the text that was written instead of a number. */
function keepText(document: Document.Parsed): void {
  visit(document, {
    Pair: (_key, { key, value }) => {
      if (!isScalar(key) || !isScalar(value)) return;
      const isText = connectionKeys[String(key.value)] === 'text';
      // A missing value stays missing; a string is what its quotes and escapes mean, not its source.
      if (isText && typeof value.value !== 'string' && value.value !== null) value.value = value.source;
    },
  });
}

/** A value given as text, as YAML reads it; text that is no YAML stays text. */
export function readScalar(text: string): unknown {
  return readOr(text, 'core');
}

/** A list given as text, all its members as the strings that were written; a bare value is a list of one. */
export function readTextList(text: string): unknown {
  const value = readOr(text, 'failsafe');
  return Array.isArray(value) ? value : [value];
}

function readOr(text: string, schema: 'core' | 'failsafe'): unknown {
  try {
    return parse(text, { schema, logLevel: 'error' }) as unknown;
  } catch {
    return text;
  }
}
