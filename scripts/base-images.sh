#!/usr/bin/env bash
# Makes the images that the Dockerfiles of tests, examples and measurements begin with (debian:bookworm-slim and
# node:26-slim), of Debian's packages and of this workspace's own Node, for machines that reach no image registry.
# What the engine has already stays as it is, so real ones are used where they were pulled. Of these it makes
# slipway-systemd-host:1, a host of the tests with a systemd and an sshd of its own (provider-testkit/src/ssh-lab-systemd.ts).
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

# A container may have at most its own part of the control groups, version 2, which systemd needs to write to. The keys
# of the host and of those who may log in are mounted at /etc/ssh/lab.
make_systemd_host() {
  docker build -q --network host -t slipway-systemd-host:1 - >/dev/null <<'DOCKERFILE'
FROM node:26-slim
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      systemd systemd-sysv dbus dbus-user-session libpam-systemd openssh-server procps >/dev/null \
 && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* /lib/systemd/system-generators/* \
 && systemctl mask apt-daily.timer apt-daily-upgrade.timer \
 && useradd --create-home --shell /bin/bash lasting && useradd --create-home --shell /bin/sh passing \
 && mkdir -p /var/lib/systemd/linger && touch /var/lib/systemd/linger/lasting \
 && printf '%s\n' 'HostKey /etc/ssh/lab/host-key' 'AuthorizedKeysFile /etc/ssh/lab/authorized_keys' \
      'PasswordAuthentication no' 'UseDNS no' >/etc/ssh/sshd_config.d/lab.conf \
 && printf '%s\n' '#!/bin/sh' 'umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup' 'exec /sbin/init' \
      >/usr/local/sbin/boot \
 && chmod +x /usr/local/sbin/boot
ENV container=docker
STOPSIGNAL SIGRTMIN+3
CMD ["boot"]
DOCKERFILE
}

if missing debian:bookworm-slim; then make_debian; fi
if missing node:26-slim; then make_node; fi
if missing slipway-systemd-host:1; then make_systemd_host; fi
