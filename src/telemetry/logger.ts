import { writeSync } from 'node:fs';
import pino, { type DestinationStream, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { escapedJson, visibleText } from '../domain/foreign-text.js';
import { LogOutput } from './log-output.js';

/** How to log: the `log` section of the configuration. */
export interface LogSettings {
  readonly level: string;
  /** Lines for people instead of JSON. */
  readonly pretty: boolean;
  /** Where to: `run` logs to stdout, every other command to stderr. */
  readonly destination: 'stdout' | 'stderr';
}

/**
 * A structured logger: one JSON object per line with an ISO time, or lines for people. What others wrote stays on its
 * line in both. Where the log cannot be written the process goes on without it.
 */
export function createLogger({ level, pretty, destination }: LogSettings): Logger {
  const fd = destination === 'stdout' ? 1 : 2;
  const output = new LogOutput({
    write: (bytes) => writeSync(fd, bytes),
    onFailure: (error) => {
      if (destination === 'stdout') complain(error);
    },
    onRecovered: (lost) => {
      logger.warn({ lost }, `the log can be written again; lines lost meanwhile: ${lost}`);
    },
  });
  const logger = loggerTo(output, { level, pretty });
  return logger;
}

function complain({ message }: Error): void {
  try {
    writeSync(2, `bnet-sync: the log cannot be written: ${message}; work goes on without it\n`);
  } catch {
    // Nothing is left to say it on.
  }
}

/** The same, to any stream. */
export function loggerTo(
  output: DestinationStream,
  { level, pretty }: Pick<LogSettings, 'level' | 'pretty'>,
): Logger {
  const format = pretty ? linesForPeople() : escapedJson;
  const stream: DestinationStream = {
    write: (line) => {
      output.write(format(line));
    },
  };
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

/** Colours are only added after what the record holds was made visible. */
function linesForPeople(): (line: string) => string {
  const prettify = prettyFactory({
    ignore: 'pid,hostname,event',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  });
  return (line) => prettify(visibleRecord(JSON.parse(line)));
}

function visibleRecord(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return key === 'stack' ? visibleStack(value) : visibleText(value);
  if (Array.isArray(value)) return value.map((item) => visibleRecord(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [visibleText(name), visibleRecord(member, name)]),
  );
}

/** The places of a stack keep their lines; the message above them has one. */
function visibleStack(stack: string): string {
  return stack
    .split(/\n(?= +at |caused by: )/)
    .map(visibleText)
    .join('\n');
}
