import { z } from 'zod';

import { connectionKeys } from './connection.js';
import { configSchema } from './schema.js';
import { nearest, plainName } from './settings-names.js';

/**
 * How the text of an environment variable becomes a setting's value: `text` as it is, `nullable
 * text` likewise except for YAML's null, `list` as strings, `objects` as YAML (or JSON) reads it, `connection` as it is or part by part,
 * `scalar` as YAML reads it.
 */
type SettingKind = 'text' | 'nullable text' | 'list' | 'objects' | 'connection' | 'scalar';

/** One setting of the configuration. */
export interface Setting {
  readonly path: readonly string[];
  readonly kind: SettingKind;
}

/** Every setting of the schema, in the schema's order. */
export const settings: readonly Setting[] = settingsOf(configSchema, []);

function settingsOf(wrapped: z.ZodType, path: readonly string[]): Setting[] {
  const schema = unwrap(wrapped);
  if (!(schema instanceof z.ZodObject)) return [{ path, kind: kindOf(schema) }];
  return Object.entries(schema.shape).flatMap(([key, member]) =>
    settingsOf(member as z.ZodType, [...path, key]),
  );
}

function unwrap(schema: z.ZodType): z.ZodType {
  const wraps =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return wraps ? unwrap(schema.unwrap() as z.ZodType) : schema;
}

function kindOf(schema: z.ZodType): SettingKind {
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return 'text';
  if (schema instanceof z.ZodNullable) return 'nullable text';
  if (schema instanceof z.ZodArray) return schema.element instanceof z.ZodObject ? 'objects' : 'list';
  if (schema instanceof z.ZodUnion) return 'connection';
  return 'scalar';
}

/**
 * The known setting that an unknown key was probably meant to be: a similar key of the same
 * section, an option of its connection, or the same key in another section (as whole paths).
 */
export function nearKey(section: readonly string[], key: string): string | undefined {
  const inSection = settings.filter(({ path }) => section.every((part, depth) => path[depth] === part));
  const siblings = new Set(inSection.flatMap(({ path }) => path.slice(section.length, section.length + 1)));
  const near = nearest(key, [...siblings]);
  if (near !== undefined) return near;
  if (siblings.has('connection') && Object.hasOwn(connectionKeys, key)) {
    return [...section, 'connection', key].join('.');
  }
  const elsewhere = settings.find(({ path }) => plainName(path.at(-1) ?? '') === plainName(key));
  return elsewhere?.path.join('.');
}
