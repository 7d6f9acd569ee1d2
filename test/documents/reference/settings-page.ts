import ts from 'typescript';
import { z } from 'zod';
import { configSchema } from '../../../src/config/schema.js';
import { code, page, table } from './markdown.js';
import { commentOf, constant, readSources, type Sources } from './source.js';

const schemaFile = 'src/config/schema.ts';

/** What of JSON Schema the configuration's schema uses. */
interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** A setting as the reference shows it. */
export interface SettingEntry {
  readonly path: string;
  readonly type: string;
  readonly default: string;
  readonly bounds: string;
  readonly purpose: string;
}

/** A part of the configuration. */
export interface Section {
  readonly name: string;
  readonly purpose: string;
  readonly settings: readonly SettingEntry[];
}

/** Every setting of the schema, in the schema's order, by section. */
export function settingSections(): Section[] {
  const sources = readSources(schemaFile);
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const root = membersOf(constant(sources.file(schemaFile), 'configSchema'), sources);
  return Object.entries(schema.properties ?? {}).map(([name, section]) => {
    const member = root.get(name);
    const settings = settingsOf({ schema: section, path: name, isRequired: false, member }, sources);
    return { name, purpose: member?.comment ?? '', settings };
  });
}

/** docs/reference/settings.md */
export async function settingsPage(sections: readonly Section[]): Promise<string> {
  return page('Settings', [
    `Every setting of the configuration file (YAML or JSON). A file of your own needs \`middle\` and \`store\` only;
[config/default.yaml](../../config/default.yaml) has them all with their defaults. Unknown keys are errors, and all errors are
reported in one run. Relative paths start from the folder of their file.`,
    `Any setting can be given by an environment variable, which overrides the file, or does without one: \`BNET_SYNC_\` and the path in upper snake
case, joined by two underscores, so \`worker.batchSize\` is \`BNET_SYNC_WORKER__BATCH_SIZE\`, and a password, which does not belong
into a file, \`BNET_SYNC_MIDDLE__CONNECTION__PASSWORD\` or \`BNET_SYNC_STORE__CONNECTION__PASSWORD\`.`,
    ...sections.flatMap(({ name, purpose, settings }) => [
      `## ${name}`,
      purpose,
      table(
        ['Setting', 'Type', 'Default', 'Bounds', 'What it is for'],
        settings.map((entry) => [code(entry.path), entry.type, entry.default, entry.bounds, entry.purpose]),
      ),
    ]),
  ]);
}

/** A key of the schema in the source: its comment, and what its value is made of. */
interface Member {
  readonly comment: string;
  readonly value: ts.Expression;
}

interface Place {
  readonly schema: JsonSchema;
  readonly path: string;
  readonly isRequired: boolean;
  readonly member: Member | undefined;
}

function settingsOf({ schema, path, isRequired, member }: Place, sources: Sources): SettingEntry[] {
  const object = schema.items?.properties === undefined ? schema : schema.items;
  const { properties, required = [] } = object;
  const self: SettingEntry = {
    path,
    type: typeOf(schema),
    default: defaultOf(schema, isRequired),
    bounds: boundsOf(schema),
    purpose: member?.comment ?? '',
  };
  if (properties === undefined) return [self];
  const members = member === undefined ? new Map<string, Member>() : membersOf(member.value, sources);
  const inner = Object.entries(properties).flatMap(([name, property]) =>
    settingsOf(
      {
        schema: property,
        path: `${path}${object === schema ? '' : '[]'}.${name}`,
        isRequired: required.includes(name),
        member: members.get(name),
      },
      sources,
    ),
  );
  // A section has a heading of its own; what is nested deeper has its own line.
  return path.includes('.') ? [self, ...inner] : inner;
}

/** The keys of the object that a schema's expression describes, wherever that object stands. */
function membersOf(expression: ts.Expression, sources: Sources): Map<string, Member> {
  const object = objectOf(expression, sources);
  const members = new Map<string, Member>();
  for (const property of object?.properties ?? []) {
    if (ts.isPropertyAssignment(property)) {
      members.set(property.name.getText(), { comment: commentOf(property), value: property.initializer });
    } else if (ts.isShorthandPropertyAssignment(property)) {
      members.set(property.name.text, { comment: commentOf(property), value: property.name });
    }
  }
  return members;
}

/** Goes down `z.array(z.strictObject({…})).optional()`, and through names, to the object literal. */
function objectOf(expression: ts.Expression, sources: Sources): ts.ObjectLiteralExpression | undefined {
  if (ts.isObjectLiteralExpression(expression)) return expression;
  if (ts.isSatisfiesExpression(expression)) return objectOf(expression.expression, sources);
  if (ts.isIdentifier(expression)) {
    const value = valueOf(expression, sources);
    return value === undefined ? undefined : objectOf(value, sources);
  }
  if (!ts.isCallExpression(expression)) return undefined;
  const { expression: called, arguments: given } = expression;
  const makes =
    ts.isPropertyAccessExpression(called) && /^(strictObject|object|array)$/.test(called.name.text);
  if (makes && given[0] !== undefined) return objectOf(given[0], sources);
  return ts.isPropertyAccessExpression(called) ? objectOf(called.expression, sources) : undefined;
}

/** What a name was made from, in whichever file. */
function valueOf(name: ts.Identifier, { checker }: Sources): ts.Expression | undefined {
  const symbol = ts.isShorthandPropertyAssignment(name.parent)
    ? checker.getShorthandAssignmentValueSymbol(name.parent)
    : checker.getSymbolAtLocation(name);
  if (symbol === undefined) return undefined;
  const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declaration = original.valueDeclaration;
  return declaration !== undefined && ts.isVariableDeclaration(declaration)
    ? declaration.initializer
    : undefined;
}

function defaultOf(schema: JsonSchema, isRequired: boolean): string {
  if (schema.default !== undefined) return code(JSON.stringify(schema.default));
  return isRequired ? 'none: must be given' : 'absent';
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items?.type === 'object' ? 'objects' : 'texts'}`;
  return typeNames[schema.type ?? ''] ?? schema.type ?? 'any';
}

const typeNames: Readonly<Record<string, string>> = { integer: 'whole number', string: 'text' };

const patterns: Readonly<Record<string, string>> = { '\\S': 'not empty', '^\\d{1,30}$': '1 to 30 digits' };

function boundsOf(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) {
    return [...new Set(schema.anyOf.map(boundsOf).filter((text) => text !== ''))].join('; ');
  }
  const { items, pattern } = schema;
  return [
    rangeOf(schema.minimum, schema.maximum),
    rangeOf(schema.minItems, schema.maxItems, ' entries'),
    rangeOf(schema.minLength, schema.maxLength, ' characters'),
    pattern === undefined ? '' : (patterns[pattern] ?? code(pattern)),
    items === undefined || items.type === 'object' ? '' : boundsOf(items),
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** JSON Schema names the largest exact number where there is no bound. */
function rangeOf(least?: number, most?: number, unit = ''): string {
  const isBound = (value: number | undefined): value is number =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (isBound(least) && isBound(most)) return `${least} to ${most}${unit}`;
  if (isBound(least)) return `at least ${least}${unit}`;
  return isBound(most) ? `at most ${most}${unit}` : '';
}
