import { z } from 'zod';

import { connectionKeys } from './connection.js';
import { configSchema } from './schema.js';

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

/** A name as it is compared between files, variables and the schema: no case, no separators. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
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

/** The candidate that differs from a name in at most two letters (one in short names), or undefined. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const limit = plainName(name).length > 4 ? 2 : 1;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(plainName(name), plainName(candidate)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Levenshtein's distance: letters to insert, delete or replace. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, letter] of Array.from(from).entries()) {
    const current = [row + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
