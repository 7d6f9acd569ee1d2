import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

/** The files that pages refer to; there are no others, and none from elsewhere. */
const files = {
  style: { name: 'console.css', type: 'text/css; charset=utf-8' },
  script: { name: 'console.js', type: 'text/javascript; charset=utf-8' },
  icon: { name: 'icon.svg', type: 'image/svg+xml' },
} as const;

type AssetName = keyof typeof files;

/** Where each file is served; an address names the content, so it may be kept for ever. */
export type AssetAddresses = Readonly<Record<AssetName, string>>;

/** Serves the console's files from the package, read once. */
export function serveAssets(app: FastifyInstance): AssetAddresses {
  const serve = (asset: AssetName): string => {
    const { name, type } = files[asset];
    const content = readFileSync(new URL(`./assets/${name}`, import.meta.url));
    const digest = createHash('sha256').update(content).digest('hex').slice(0, 16);
    app.get(`/assets/${name}`, { config: { open: true } }, (_request, reply) =>
      reply.header('cache-control', 'public, max-age=31536000, immutable').type(type).send(content),
    );
    return `/assets/${name}?v=${digest}`;
  };
  return { style: serve('style'), script: serve('script'), icon: serve('icon') };
}
