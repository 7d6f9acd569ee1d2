import type { Command } from 'commander';
import { createLogger } from '../../telemetry/logger.js';
import { printLines } from '../output.js';
import { configOf } from '../session.js';
import { stopSignal } from '../stop-signal.js';

const help = `
Serves the console, the API, health and metrics on http.host and http.port, without a worker. SIGTERM or SIGINT ends it.

Example:
  $ bnet-sync console --config /etc/bnet-sync.yaml
  $ BNET_SYNC_HTTP__PORT=9465 bnet-sync console --config /etc/bnet-sync.yaml   # beside a run`;

/** Options and action of `console`. */
export function configure(command: Command): void {
  command.addHelpText('after', help).action(async () => {
    const config = await configOf(command);
    const pretty = config.log.pretty ?? process.stderr.isTTY;
    const logger = createLogger({ level: config.log.level, pretty, destination: 'stderr' });
    const signal = stopSignal();
    const { startHttpServer } = await import('../../app/start-http-server.js');
    const server = await startHttpServer(config, { logger });
    printLines(`Console: ${server.url}/`);
    await signal;
    await server.close();
  });
}
