import type { ConfigIssue } from './config-error.js';
import { connectionKeys, driverOptions } from './connection.js';
import { settings, type Setting } from './settings.js';
import { lineEndLeftOut, withoutLineEnd } from './line-ends.js';
import { nearest, plainName } from './settings-names.js';
import { isRecord, valueAt, withValue } from './unchecked.js';
import { readScalar, readTextList } from './yaml-text.js';

const prefix = 'BNET_SYNC_';

/** Names the configuration file; the one variable with our prefix that is not a setting. */
export const fileVariable = `${prefix}CONFIG`;

/** What the environment made of a configuration. */
export interface Overridden {
  /** The given input with the variables' values in it; the given one is left as it was. */
  readonly input: unknown;
  /** Setting (dotted path) to the variable that set it. */
  readonly origins: ReadonlyMap<string, string>;
  /** Variables that cannot be used; they never show values. */
  readonly issues: readonly ConfigIssue[];
  /** Variables of which something was left out. */
  readonly notes: readonly ConfigIssue[];
}

/** Where a variable points: a setting, and below a connection the driver's option. */
interface Target {
  readonly setting: Setting;
  readonly rest: readonly string[];
}

/**
 * Lays the `BNET_SYNC_…` variables over the content of a configuration file. A name is the
 * setting's path, joined by `__`, compared without case and underscores.
 */
export function overrideFromEnvironment(input: unknown, env: NodeJS.ProcessEnv): Overridden {
  const origins = new Map<string, string>();
  const issues: ConfigIssue[] = [];
  const notes: ConfigIssue[] = [];
  // Sorted, so that a whole connection is seen before its parts.
  for (const variable of Object.keys(env).sort()) {
    const given = env[variable];
    if (given === undefined || !isOurs(variable, env)) continue;
    const text = withoutLineEnd(given);
    if (text !== given) notes.push({ path: variable, message: lineEndLeftOut });
    const target = findTarget(variable);
    const applied = target === undefined ? unknownVariable(variable) : apply(input, target, text, origins);
    if (typeof applied === 'string') {
      issues.push({ path: variable, message: applied });
      continue;
    }
    origins.set(applied.path.join('.'), variable);
    input = withValue(input, applied.path, applied.value);
  }
  return { input, origins, issues, notes };
}

/**
 * Kubernetes describes every service of a namespace in the environment; those of a service whose
 * name begins with `bnet-sync` look like ours and are left alone.
 */
function isOurs(variable: string, env: NodeJS.ProcessEnv): boolean {
  if (!variable.startsWith(prefix) || variable === fileVariable) return false;
  const fromService =
    /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(variable) ||
    (variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(env[variable] ?? ''));
  return !(fromService && !variable.includes('__') && env['KUBERNETES_SERVICE_HOST'] !== undefined);
}

function findTarget(variable: string): Target | undefined {
  const parts = variable.slice(prefix.length).split('__');
  if (parts.some((part) => plainName(part) === '')) return undefined;
  for (const setting of settings) {
    const { length } = setting.path;
    const matches = setting.path.every((key, depth) => plainName(key) === plainName(parts[depth] ?? ''));
    if (matches && (parts.length === length || setting.kind === 'connection')) {
      return { setting, rest: parts.slice(length) };
    }
  }
  return undefined;
}

function unknownVariable(variable: string): string {
  const names = settings.map(({ path }) => prefix + path.map(upperSnake).join('__'));
  const parts = variable.slice(prefix.length).split('__').map(plainName);
  const isSection = settings.some(
    ({ path }) =>
      parts.length < path.length && parts.every((part, depth) => plainName(path[depth] ?? '') === part),
  );
  if (isSection) return 'names a section: set its settings one by one';
  const near = nearest(variable, names);
  return `unknown setting${near === undefined ? '' : `, did you mean ${near}?`}`;
}

interface Value {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The value that a variable sets and where, or what is wrong with the variable. */
function apply(
  input: unknown,
  target: Target,
  text: string,
  origins: ReadonlyMap<string, string>,
): Value | string {
  const { setting, rest } = target;
  const value =
    rest.length === 0
      ? { path: setting.path, value: settingValue(setting, text) }
      : connectionPart(input, target, text);
  const duplicate = origins.get(value.path.join('.'));
  if (duplicate !== undefined) return `sets the same as ${duplicate}`;
  if (rest.length === 0) return value;
  const whole = valueAt(input, setting.path);
  if (whole === undefined || whole === null || isRecord(whole)) return value;
  const name = setting.path.join('.');
  const origin = origins.get(name) ?? 'the file';
  return `sets a part of ${name}, which ${origin} gives as a whole: give the whole or the parts`;
}

function settingValue({ kind }: Setting, text: string): unknown {
  switch (kind) {
    case 'text':
    case 'connection':
      return text;
    case 'nullable text':
      return readScalar(text) === null ? null : text;
    case 'list':
      return readTextList(text);
    case 'objects':
    case 'scalar':
      return readScalar(text);
  }
}

/** A driver's option keeps its text, unless the file's value or the option's nature is a number or a boolean. */
function connectionPart(input: unknown, { setting, rest }: Target, text: string): Value {
  let path = setting.path;
  for (const part of rest) path = [...path, optionName(valueAt(input, path), part)];
  const present = valueAt(input, path);
  const nature = connectionKeys[path.at(-1) ?? ''];
  const isScalar = nature === 'scalar' || typeof present === 'number' || typeof present === 'boolean';
  return { path, value: isScalar ? readScalar(text) : text };
}

/** The option's name in the file's own spelling, else in the driver's, else in camel case. */
function optionName(container: unknown, part: string): string {
  const present = isRecord(container) ? Object.keys(container) : [];
  const known = [...present, ...Object.keys(connectionKeys), ...driverOptions].find(
    (key) => plainName(key) === plainName(part),
  );
  return (
    known ?? part.toLowerCase().replaceAll(/_+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase())
  );
}

function upperSnake(key: string): string {
  return key.replaceAll(/[A-Z]/g, '_$&').toUpperCase();
}
