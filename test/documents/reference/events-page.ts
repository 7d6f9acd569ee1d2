import ts from 'typescript';
import { securityKinds } from '../../../src/http/security-events.js';
import { code, page, table } from './markdown.js';
import { commentOf, constant, readSources, type Sources } from './source.js';

const eventsFile = 'src/worker/events.ts';
const linesFile = 'src/telemetry/log-events.ts';

/** An event of a worker, and the log line that is made from it. */
export interface EventEntry {
  readonly name: string;
  /** Empty where its name says all. */
  readonly meaning: string;
  /** Field names with their types. */
  readonly fields: readonly string[];
  readonly levels: readonly string[];
  /** Fields of the log line besides `event`. */
  readonly logged: readonly string[];
  readonly words: readonly string[];
}

/** The catalogue of events, in its order. */
export function eventEntries(): EventEntry[] {
  const sources = readSources(eventsFile, linesFile);
  const catalogue = sources
    .file(eventsFile)
    .statements.find(
      (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'WorkerEvents',
    );
  if (catalogue === undefined || !ts.isInterfaceDeclaration(catalogue)) throw new Error('no WorkerEvents');
  const lines = linesOf(sources);
  return catalogue.members.filter(ts.isPropertySignature).map((member) => {
    const name = member.name.getText();
    const line = lines.get(name);
    if (line === undefined) throw new Error(`no log line for ${name}`);
    const fields = fieldsOf(sources, member);
    return { name, meaning: commentOf(member), fields, ...line };
  });
}

/** docs/reference/events.md */
export async function eventsPage(): Promise<string> {
  const entries = eventEntries();
  return page('Events', [
    `What a worker reports while it works: to \`worker.on(name, listener)\` as an object with these fields, and to the log as one
line with the same \`event\`. Metrics are made from the same events. In the log a row is \`TABLE:StreamingNo\`, such as
\`IF_BNET_CUST:1141\`; times are milliseconds.`,
    table(
      ['Event', 'Level', 'Words of the log line', 'When'],
      entries.map(({ name, meaning, levels, words }) => [
        `[${code(name)}](#${name.toLowerCase()})`,
        levels.join(', '),
        words.map(code).join('<br>'),
        meaning,
      ]),
    ),
    '## Fields of each event',
    '### security',
    `Told by the HTTP server, not by a worker: to the log (\`event: security\`), to the metric \`bnet_sync_security_events_total\` and to the
audit (\`bnet-sync audit\`). What strangers can cause is counted by kind, name, address and result: the first of each in a minute is
logged at once, and a minute ends with one entry of each in the audit. Of more than ten different ones in a minute the rest is counted
together, with the address \`others\`. \`export\`, \`login\` and \`logout\` are logged and recorded each time.

Log: ${['event', 'kind', 'name', 'address', 'via', 'result', 'detail', 'times'].map(code).join(', ')}`,
    table(
      ['Kind', 'When'],
      Object.entries(securityKinds).map(([kind, meaning]) => [code(kind), meaning]),
    ),
    ...entries.flatMap(({ name, fields, logged }) => [
      `### ${name}`,
      `Event: ${fields.length === 0 ? 'no fields' : fields.map(code).join(', ')}`,
      `Log: ${['event', ...logged].map(code).join(', ')}`,
    ]),
  ]);
}

function fieldsOf({ checker }: Sources, member: ts.PropertySignature): string[] {
  const type = checker.getTypeAtLocation(member);
  return type.getProperties().map((field) => {
    const text = checker.typeToString(checker.getTypeOfSymbolAtLocation(field, member));
    return `${field.name}: ${text}`;
  });
}

type Line = Pick<EventEntry, 'levels' | 'logged' | 'words'>;

/** What the log makes of each event: the table of `[level, fields, words]`. */
function linesOf({ checker, file }: Sources): Map<string, Line> {
  const lines = new Map<string, Line>();
  const written = constant(file(linesFile), 'lines');
  if (!ts.isObjectLiteralExpression(written)) throw new Error(`${linesFile}: lines is no object`);
  for (const property of written.properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isArrowFunction(property.initializer)) continue;
    const { body } = property.initializer;
    if (ts.isCallExpression(body)) lines.set(property.name.getText(), recurringLine(checker, body));
    if (!ts.isArrayLiteralExpression(body)) continue;
    const [level, fields, words] = body.elements;
    if (level === undefined || fields === undefined || words === undefined) continue;
    const logged = checker.getTypeAtLocation(fields).getProperties();
    lines.set(property.name.getText(), {
      levels: textsOf(level),
      logged: logged.map(({ name }) => name),
      words: textsOf(words),
    });
  }
  return lines;
}

/** The line of a call of `recurring`, which adds a number to fields and words, and tells only some at the first level. */
function recurringLine(checker: ts.TypeChecker, { expression, arguments: given }: ts.CallExpression): Line {
  const [, fields, told] = given;
  const isRecurring = expression.getText() === 'recurring' && fields !== undefined;
  if (!isRecurring || told === undefined || !ts.isArrayLiteralExpression(told))
    throw new Error(`no line: ${expression.getText()}`);
  const logged = checker.getTypeAtLocation(fields).getProperties();
  return {
    levels: ['warn', 'debug'],
    logged: [...logged.map(({ name }) => name), 'lately'],
    words: told.elements.slice(0, 1).flatMap(textsOf),
  };
}

/** The texts that an expression may give: of a template its parts with the names of what stands between. */
function textsOf(expression: ts.Expression): string[] {
  if (ts.isConditionalExpression(expression)) {
    return [...textsOf(expression.whenTrue), ...textsOf(expression.whenFalse)];
  }
  if (ts.isStringLiteralLike(expression)) return [expression.text];
  if (!ts.isTemplateExpression(expression)) throw new Error(`no text: ${expression.getText()}`);
  const spans = expression.templateSpans.map((span) => {
    const value = span.expression.getText().replaceAll(/\b(event|rest)\./g, '');
    return `{${value.replace('databaseName[database]', 'database')}}${span.literal.text}`;
  });
  return [expression.head.text + spans.join('')];
}
