import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { z } from 'zod';
import { escapedJson } from '../domain/foreign-text.js';
import { HttpError, type FieldError } from './errors.js';

/*
 * Routes give zod schemas: what comes in is checked by them, and the OpenAPI document is made from them. What goes out is
 * not checked at run time; the schemas of answers are tied to the operator service's types by the compiler.
 */

/** Routes registered from now on are checked by their zod schemas and stand in the OpenAPI document. */
export async function useZodSchemas(app: FastifyInstance, version: string): Promise<void> {
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const check = schema as z.ZodType;
    return (input: unknown) => {
      const parsed = check.safeParse(input ?? {});
      return parsed.success
        ? { value: parsed.data }
        : { error: badRequest(parsed.error, httpPart ?? '', input) };
    };
  });
  // Answers reach terminals as well.
  app.setSerializerCompiler(() => (data) => escapedJson(JSON.stringify(data)));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'bnet-sync',
        version,
        description: 'What operators see and do. Numbers of up to 30 digits are strings.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'bnet_sync_session' },
          basic: { type: 'http', scheme: 'basic' },
        },
      },
    },
    transform: ({ schema, url }) => ({ schema: jsonSchemas(schema), url }),
  });
}

function badRequest(error: z.ZodError, part: string, input: unknown): HttpError {
  const details = error.issues.map(({ path, message }): FieldError => {
    const field = [part.replace('querystring', 'query'), ...path].map(String).join('.');
    return { field, value: shownValue(valueAt(input, path)), message };
  });
  const first = details[0];
  const value = typeof first?.value === 'string' ? ` ${first.value}` : '';
  return new HttpError(
    400,
    'badRequest',
    `${first?.field ?? part}${value}: ${first?.message ?? 'refused'}`,
    details,
  );
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

function shownValue(value: unknown): string | null {
  if (value === undefined || value === null || typeof value === 'object') return null;
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** A route's schema with JSON Schema in place of zod. */
function jsonSchemas(schema: FastifySchema | undefined): FastifySchema {
  if (schema === undefined) return {};
  const { body, querystring, params, response, ...rest } = schema;
  const inputs = Object.entries({ body, querystring, params })
    .filter(([, part]) => part instanceof z.ZodType)
    .map(([name, part]) => [name, jsonSchema(part as z.ZodType, 'input')]);
  const answers = Object.entries((response ?? {}) as Record<string, unknown>).map(([status, part]) => [
    status,
    part instanceof z.ZodType ? jsonSchema(part, 'output') : part,
  ]);
  return {
    ...rest,
    ...(Object.fromEntries(inputs) as Partial<FastifySchema>),
    ...(answers.length > 0 && { response: Object.fromEntries(answers) as unknown }),
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return plain;
}
