import pino, { type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';

/** How to log: the `log` section of the configuration. */
export interface LogSettings {
  readonly level: string;
  /** Lines for people instead of JSON. */
  readonly pretty: boolean;
  /** Where to: `run` logs to stdout, every other command to stderr. */
  readonly destination: 'stdout' | 'stderr';
}

/** A structured logger: one JSON object per line with an ISO time, or lines for people. */
export function createLogger(settings: LogSettings): Logger {
  const fd = settings.destination === 'stdout' ? 1 : 2;
  const stream: DestinationStream = settings.pretty
    ? pretty({
        destination: fd,
        sync: true,
        ignore: 'pid,hostname,event',
        singleLine: true,
        translateTime: 'SYS:HH:MM:ss',
      })
    : pino.destination({ fd, sync: true });
  return pino({ level: settings.level, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
