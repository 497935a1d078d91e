#!/usr/bin/env bash
# Makes the images that the Dockerfiles of tests, examples and measurements begin with (debian:bookworm-slim and
# node:26-slim), of Debian's packages and of this workspace's own Node, for machines that reach no image registry.
# What the engine has already stays as it is, so real ones are used where they were pulled.
#
# Needs root, a Docker Engine that answers, debootstrap, and `npm ci` done. The Debian part is kept in
# $SLIPWAY_IMAGE_CACHE (default /var/cache/slipway-images), so that a second run downloads nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${SLIPWAY_IMAGE_CACHE:-/var/cache/slipway-images}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

missing() { ! docker image inspect "$1" >/dev/null 2>&1; }

make_debian() {
  local rootfs=$cache/debian-bookworm.tar
  if [ ! -s "$rootfs" ]; then
    mkdir -p "$cache"
    debootstrap --variant=minbase --include=ca-certificates,libatomic1 bookworm "$work/root" >"$work/log" 2>&1 ||
      { tail -n 20 "$work/log" >&2; return 1; }
    rm -rf "$work"/root/var/{cache/apt/archives/*.deb,lib/apt/lists/*} "$work"/root/usr/share/{doc,man,locale}/*
    tar -C "$work/root" --numeric-owner -cf "$rootfs.$$" .
    mv "$rootfs.$$" "$rootfs"
  fi
  docker import --change 'CMD ["bash"]' "$rootfs" debian:bookworm-slim >/dev/null
}

make_node() {
  local npm_cli
  npm_cli=$(readlink -f "$(command -v npm)")
  cp "$(npx node -p process.execPath)" "$work/node"
  cp -r "${npm_cli%/bin/npm-cli.js}" "$work/npm"
  docker build -q --network none -t node:26-slim -f - "$work" >/dev/null <<'DOCKERFILE'
FROM debian:bookworm-slim
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && node --version && npm --version
CMD ["node"]
DOCKERFILE
}

if missing debian:bookworm-slim; then make_debian; fi
if missing node:26-slim; then make_node; fi
