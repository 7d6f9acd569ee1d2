import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Config } from '../../config/schema.js';
import { redactConfig } from '../../config/redact.js';
import { createWorker, DrainTimeoutError, type SyncWorker } from '../../app/create-worker.js';
import { logEvents } from '../../telemetry/log-events.js';
import { createLogger } from '../../telemetry/logger.js';
import type { RunningServer } from '../../app/start-http-server.js';
import { CredentialsRefusedError } from '../../worker/database-health.js';
import { configOf } from '../session.js';
import { startSystemdWatchdog } from '../systemd-watchdog.js';

const help = `
Rows in State 0 are claimed, applied to the product store and marked 2 or 3. SIGTERM or SIGINT stops gracefully: rows
in flight are finished first; a second signal, or worker.drainTimeoutMs, ends at once and loses nothing.

With http in the configuration, health, metrics, API and console are served meanwhile ("bnet-sync console" does so
without a worker).

Example:
  $ bnet-sync run --config /etc/bnet-sync.yaml
  $ bnet-sync run --once        # ends when no row is in State 0 or 1`;

/** Options and action of `run`. */
export function configure(command: Command): void {
  command
    .option('--once', 'end when no row of our products is in State 0 or 1')
    .addHelpText('after', help)
    .action(async (options: { once?: boolean }) => {
      const config = await configOf(command);
      const pretty = config.log.pretty ?? process.stdout.isTTY;
      const logger = createLogger({ level: config.log.level, pretty, destination: 'stdout' });
      logger.debug({ config: redactConfig(config) }, 'configuration');
      const worker = await createWorker(config, { once: options.once ?? false, guardProcess: true });
      logEvents(worker, logger);
      const server = await serve(config, logger, worker);
      stopOnSignals(worker, (message) => {
        logger.error(message);
      });
      const watchdog = startSystemdWatchdog(process.env, (message) => {
        logger.error(message);
      });
      try {
        await worker.start();
      } catch (error) {
        // The command line tells a database error by its kind.
        throw error instanceof CredentialsRefusedError ? error.cause : error;
      } finally {
        await server?.close();
        watchdog.stop();
      }
    });
}

/** The packages of the server are loaded only where there is one. */
async function serve(config: Config, logger: Logger, worker: SyncWorker): Promise<RunningServer | null> {
  if (config.http === undefined) return null;
  const { startHttpServer } = await import('../../app/start-http-server.js');
  return startHttpServer(config, { logger, worker });
}

/** First signal: stop gracefully. Second signal, or the drain time passed: end at once with 1. */
function stopOnSignals(worker: SyncWorker, complain: (message: string) => void): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      complain(`${signal} again: ending at once; the rows in flight stay in State 1 and are taken over`);
      process.exit(1);
    }
    stopping = true;
    worker.stop().catch((error: unknown) => {
      if (!(error instanceof DrainTimeoutError)) throw error;
      complain(`${error.message}: ending at once; they stay in State 1 and are taken over`);
      process.exit(1);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
