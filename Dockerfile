# One image for every role; ROLES and SINKS choose what a container does. There is nothing to compile: Node runs the
# TypeScript by type stripping. The version is the one that the tests run on (package.json, optionalDependencies).

FROM node:26.10.0-slim AS dependencies
WORKDIR /app
ENV npm_config_cache=/var/cache/npm
COPY package.json package-lock.json ./
# Not --omit=optional: that would leave out Kafka's native CRC too. Of the optional packages only those that carry a
# Node binary go, 210 MB that the base image has already.
RUN --mount=type=cache,target=/var/cache/npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && rm -rf node_modules/node-linux-* node_modules/node-bin-* node_modules/node-darwin-* node_modules/.bin

FROM node:26.10.0-slim
LABEL org.opencontainers.image.title="LogPulse" \
      org.opencontainers.image.description="A log pipeline: every acknowledged record is stored exactly once and searchable a second later." \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    LOGPULSE_LISTEN=0.0.0.0:8080 \
    LOGPULSE_DATA=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY gen ./gen
COPY services ./services
# The command line, for `docker exec`: node cli/logpulse.js.
COPY clients ./clients
COPY cli ./cli
# Of the embedded mode, which is what the image runs unless LOGPULSE_MODE says otherwise. The roles of the full mode keep
# nothing in it.
RUN mkdir /data && chown 1000:1000 /data
VOLUME /data
# The image's user node, as a number, which a cluster can check. The files stay root's: the program can not change itself.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz', { signal: AbortSignal.timeout(3000) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The program itself is process 1 of the container (or the child of `init`) and gets SIGTERM: no shell, no npm.
CMD ["node", "services/main.ts"]
