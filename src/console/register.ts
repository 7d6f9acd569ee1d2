import type { FastifyInstance } from 'fastify';
import type { ConsoleErrors, ConsoleParts } from '../http/console-port.js';
import { serveAssets } from './assets.js';
import { Console } from './console.js';
import { actionRoutes } from './routes/action.js';
import { deferredRoutes } from './routes/deferred.js';
import { loginRoutes } from './routes/login.js';
import { viewRoutes } from './routes/views.js';
import { pauseRoutes } from './routes/pauses.js';
import { repairRoutes } from './routes/repair.js';
import { requeueRoutes } from './routes/requeue.js';
import { rowRoutes } from './routes/row.js';
import { verificationRoutes } from './routes/verification.js';

/** Adds the console's pages and files to the server; returns how it shows errors. */
export function registerConsole(app: FastifyInstance, parts: ConsoleParts): ConsoleErrors {
  const pages = new Console(app, { ...parts, assets: serveAssets(app) });
  viewRoutes(pages);
  rowRoutes(pages);
  requeueRoutes(pages);
  actionRoutes(pages);
  deferredRoutes(pages);
  pauseRoutes(pages);
  verificationRoutes(pages);
  repairRoutes(pages);
  loginRoutes(pages);
  return pages;
}
