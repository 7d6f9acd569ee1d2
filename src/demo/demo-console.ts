import { randomBytes } from 'node:crypto';
import { createWorker } from '../app/create-worker.js';
import { hashPassword } from '../http/password.js';
import { createLogger } from '../telemetry/logger.js';
import { printLines } from '../cli/output.js';
import { stopSignal } from '../cli/stop-signal.js';
import type { DemoFolder } from './demo-folder.js';

const operator = 'demo';

/**
 * Serves the console over a demo's databases on loopback, with a running worker, so that requeued rows are processed
 * again, until a stop signal. The password is new each time and kept nowhere. ConfigError if the port is taken.
 */
export async function serveDemoConsole({ config }: DemoFolder, port: number): Promise<void> {
  const password = randomBytes(9).toString('base64url');
  const user = { name: operator, role: 'operator' as const, passwordHash: await hashPassword(password) };
  const http = { host: '127.0.0.1', port, users: [user], allowedHosts: [], trustedProxies: [] };
  const logger = createLogger({ level: 'warn', pretty: process.stderr.isTTY, destination: 'stderr' });
  const signal = stopSignal();
  const { startHttpServer } = await import('../app/start-http-server.js');
  const worker = await createWorker(config);
  const server = await startHttpServer({ ...config, http }, { logger, worker });
  const working = worker.start();
  try {
    printLines(
      '',
      `Console: ${server.url}/ (log in as ${operator} with the password ${password})`,
      'A worker runs on the same databases: requeued rows are processed again. Ctrl-C ends both.',
    );
    await Promise.race([signal, working]);
  } finally {
    await worker.stop();
    await server.close();
  }
}
