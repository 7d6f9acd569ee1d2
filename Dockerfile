# bnet-sync as a container: the worker by default, any other command by its name.
#
#   docker build -t bnet-sync .
#   docker run --read-only --stop-timeout 30 -v ./bnet-sync.yaml:/etc/bnet-sync/bnet-sync.yaml:ro \
#     --env-file secrets.env bnet-sync
#   docker run … bnet-sync doctor
#
# With handlers (store.handlers) run it with --init: a process 1 that blocks outside JavaScript cannot be killed from within.
#
# Health, metrics and console listen on the container's own loopback, where the health check asks. To publish the port
# set BNET_SYNC_HTTP__HOST=0.0.0.0 and http.users: without users the command refuses to listen beyond loopback.
# A port of their own for probes and metrics is set by BNET_SYNC_HTTP__PROBE_PORT, so that the health check knows it.

FROM node:22-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
# Newer versions of Node let short-lived objects fill more memory before they collect them: this is what Node 20 does.
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=16 \
    BNET_SYNC_CONFIG=/etc/bnet-sync/bnet-sync.yaml \
    BNET_SYNC_HTTP__PORT=9464
WORKDIR /app
COPY --from=build /app/package.json package.json
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY sql sql
COPY config config
COPY LICENSE LICENSE
USER 1000:1000
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.BNET_SYNC_HTTP__PROBE_PORT ?? process.env.BNET_SYNC_HTTP__PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["run"]
