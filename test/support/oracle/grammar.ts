import { CharStreams, CommonTokenStream } from 'antlr4ts';
import { PredictionMode } from 'antlr4ts/atn/PredictionMode.js';
import { PlSqlLexer } from 'antlr4ts-sql/dist/src/grammar-output/plsql/PlSqlLexer.js';
import { PlSqlParser } from 'antlr4ts-sql/dist/src/grammar-output/plsql/PlSqlParser.js';
import { CaseChangingStream } from 'antlr4ts-sql/dist/src/models/CaseChangingStream.js';

/*
 * Oracle's SQL by a grammar that others wrote: the PL/SQL grammar of the ANTLR project, as antlr4ts-sql ships it. The
 * stand-in's own guard knows only what its author thought of. What the grammar does not know is names, types and numbers
 * of arguments: those the stand-in looks at.
 */

/** Where a text stops being one statement of Oracle's, and why; null where it is one. */
export function grammarFault(sql: string): string | null {
  const known = withoutOnline(sql);
  // The faster mode takes nothing that is wrong; what it does not take may still be right.
  return faultIn(known, PredictionMode.SLL) === null ? null : faultIn(known, PredictionMode.LL);
}

/** The one thing that we say and the grammar does not know: CREATE INDEX … ONLINE. */
function withoutOnline(sql: string): string {
  return sql.replace(/^(CREATE INDEX [^;]*\)) ONLINE\b/, '$1');
}

function faultIn(sql: string, mode: PredictionMode): string | null {
  const faults: string[] = [];
  const listener = {
    syntaxError: (...[, , line, column, message]: [unknown, unknown, number, number, string]) => {
      faults.push(`line ${line}, column ${column + 1}: ${message.replace(/ expecting \{.{200}.*/s, '')}`);
    },
  };
  // Data definition is not over for the grammar without a semicolon.
  const lexer = new PlSqlLexer(new CaseChangingStream(CharStreams.fromString(`${sql}\n;`), true));
  lexer.removeErrorListeners();
  lexer.addErrorListener(listener);
  const parser = new PlSqlParser(new CommonTokenStream(lexer));
  parser.removeErrorListeners();
  parser.addErrorListener(listener);
  parser.interpreter.setPredictionMode(mode);
  const script = parser.sql_script();
  const [fault] = faults;
  if (fault !== undefined) return fault;
  // SQL*Plus commands are none of Oracle's, and a text that falls apart into statements is none.
  const statements = script.unit_statement().length;
  if (statements !== 1 || script.sql_plus_command().length > 0)
    return `${statements} statements where one is wanted`;
  return null;
}
