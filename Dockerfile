# Gatepost alone (the last stage), and `--target demo` for the provider and the sites of docker-compose.yml.
# A release pins the base by its digest, `24-bookworm-slim@sha256:…` (RELEASING.md), so that a tag that moves changes no image.
ARG NODE=24-bookworm-slim

FROM node:${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: the database comes with binaries of its own, and there is nothing to build before the sources are here.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY scripts/build-command.js scripts/runtime-packages.js scripts/third-party-notices.js scripts/
RUN npm run build && node scripts/runtime-packages.js /runtime
# The last stage runs no command while it is built, and has no use for a shell.
RUN mkdir -m 0700 /state

FROM build AS demo
COPY demo demo
USER 1000:1000
ENTRYPOINT ["node", "--import", "tsx", "demo/part.ts"]

FROM node:${NODE}
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
# The command is one bundle: of node_modules it needs the few packages that the bundler leaves out.
COPY --from=build /runtime/node_modules node_modules
COPY --from=build /app/dist/cli dist/cli
COPY --from=build /app/dist/THIRD_PARTY_LICENSES dist/
# The proxies' files, for `gatepost snippet`.
COPY nginx nginx
COPY traefik traefik
COPY caddy caddy
COPY envoy envoy
COPY haproxy haproxy
COPY kubernetes kubernetes
COPY compose compose
COPY docs/proxies docs/proxies
# What authentik's Docker integration runs for health: `/proxy healthcheck`, since 2026.8 `/authentik healthcheck proxy`.
COPY docker/outpost /proxy
COPY docker/outpost /authentik
# A volume for `store: file:///var/lib/gatepost` takes over this owner.
COPY --from=build --chown=1000:1000 /state /var/lib/gatepost
# `node` by its numbers: Kubernetes checks `runAsNonRoot` by them.
USER 1000:1000
EXPOSE 9000
# Asks `listen.http` at its default port, or that of AUTHENTIK_LISTEN__HTTP; where yours is another one, set GATEPOST_PORT.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "const { GATEPOST_PORT, AUTHENTIK_LISTEN__HTTP = '' } = process.env; const port = GATEPOST_PORT || AUTHENTIK_LISTEN__HTTP.match(/:([0-9]+) *(,|$)/)?.[1] || 9000; fetch(`http://127.0.0.1:${port}/-/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli/main.js"]
# The configuration is $GATEPOST_CONFIG, /etc/gatepost/gatepost.yaml, or the environment of an outpost of authentik.
CMD ["serve"]
