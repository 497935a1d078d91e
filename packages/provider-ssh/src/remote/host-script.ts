import { INSTANCE_FUNCTIONS } from './instance-functions.ts';
import { LOOK_FUNCTIONS } from './look-functions.ts';
import { PROCESS_FUNCTIONS } from './process-functions.ts';

/** Exit code of a call that the host refused; what and why is the last line of its standard error. */
export const REFUSED = 65;

/**
 * All that is done on a host: `sh host.sh ROOT PROJECT ENVIRONMENT VERB ARGUMENTS`. Needs a POSIX shell, coreutils,
 * tar, gzip and sed. What changes something is admitted by epoch and done under a lock, one call at a time for each
 * service; a lock whose holder died is taken over.
 */
export const HOST_SCRIPT = String.raw`#!/bin/sh
set -u
${PROCESS_FUNCTIONS}
refuse() {
  printf 'slipway-refused %s %s\n' "$1" "${'$'}{2:-}" >&2
  exit ${REFUSED}
}
${INSTANCE_FUNCTIONS}
${LOOK_FUNCTIONS}
here=${'$'}{0%/*}
root=$1
base=$1/$2/$3
verb=$4
shift 4

admit() {
  mkdir -p "$base" || refuse no-folder "$base"
  newest=0
  [ ! -f "$base/.epoch" ] || read -r newest < "$base/.epoch"
  [ "$1" -ge "$newest" ] || refuse fenced "$newest"
  [ "$1" -eq "$newest" ] || { printf '%s\n' "$1" > "$base/.epoch.$$" && mv -f "$base/.epoch.$$" "$base/.epoch"; }
}

change() {
  admit "$1"
  service=$base/$2
  mkdir -p "$service/releases" "$service/artifacts" "$service/shared" "$service/log" || refuse no-folder "$service"
  lock=$service/.lock
  tries=600
  until mkdir "$lock" 2> /dev/null; do
    if [ -f "$lock/holder" ] && ! alive "$lock/holder"; then rm -rf "$lock"; continue; fi
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || refuse busy "$(cat "$lock/holder" 2> /dev/null)"
    moment
  done
  trap 'rm -rf "$lock"' EXIT
  trap 'exit 1' HUP INT TERM PIPE
  remember "$lock/holder" $$
  admit "$1"
}

export_line() {
  printf 'export %s=' "$1"
  printf '%s\n' "$2" | sed "s/'/'\\\\''/g; s/^/'/; s/\$/'/"
}

receive_files() {
  while read -r name data; do
    printf %s "$data" | base64 -d > "$1/$name" || return 1
  done
}

receive() {
  artifact=$service/artifacts/$1
  if [ -d "$artifact" ]; then cat > /dev/null; return 0; fi
  part=$service/artifacts/.part
  rm -rf "$part" "$part.tar"
  cat > "$part.tar" || refuse no-space "$service"
  sum=$(sha256sum < "$part.tar")
  [ "${'$'}{sum%% *}" = "$2" ] || { rm -f "$part.tar"; refuse damaged; }
  mkdir "$part" && tar -C "$part" -xzof "$part.tar" && chmod -R u+rwX "$part" && mv "$part" "$artifact" ||
    { rm -rf "$part" "$part.tar"; refuse unpack "$artifact"; }
  rm -f "$part.tar"
  touch "$artifact"
}

make_release() {
  [ -d "$service/artifacts/$digest" ] || refuse no-artifact "$digest"
  new=$service/releases/.new-$revision
  rm -rf "$new"
  mkdir -p "$new/state" && receive_files "$new" && cp -Rp "$service/artifacts/$digest" "$new/files" ||
    refuse no-space "$new"
  chmod 0600 "$new"/environment "$new"/mask "$new"/.slipway.json
  ln -s ../../shared "$new/shared"
  for path in "$@"; do
    mkdir -p "$service/shared/$path" "$(dirname "$new/files/$path")"
    rm -rf "$new/files/$path"
    ln -s "$service/shared/$path" "$new/files/$path"
  done
  mkfifo "$new/state/stdout.pipe" "$new/state/stderr.pipe"
  port=$(choose_port "$first" "$last" "$release") || refuse no-port "$first-$last"
  printf '%s\n' "$port" > "$new/state/port"
  printf '%s\n' "$digest" > "$new/state/digest"
  printf '%s\n' "$grace" > "$new/state/grace"
  {
    printf 'export PORT=%s\n' "$port"
    export_line HOST "$listen_on"
    export_line SLIPWAY_DATA_DIR "$service/shared"
  } > "$new/environment.own"
  mv "$new" "$release" || refuse no-space "$release"
}

renew_release() {
  given=$release/.given
  rm -rf "$given"
  mkdir "$given" && receive_files "$given" || refuse no-space "$release"
  mv -f "$given/.slipway.json" "$release/.slipway.json"
  for file in environment command; do
    [ "$(cat "$given/$file")" = "$(cat "$release/$file")" ] && continue
    stop_instance "$release"
    mv -f "$given/environment" "$given/mask" "$given/command" "$release/"
    break
  done
  rm -rf "$given"
}

stage() {
  revision=$1 digest=$2 grace=$3 first=$4 last=$5 by=$6 supervisor=$7 listen_on=$8
  shift 8
  release=$service/releases/$revision
  logs=$service/log/$revision
  mkdir -p "$logs"
  if [ -d "$release" ]; then renew_release; else make_release "$@"; fi
  touch "$service/artifacts/$digest" "$logs"
  start_instance "$release" "$by"
  printf 'port %s\n' "$(cat "$release/state/port")"
}

remove() {
  release=$service/releases/$1
  rm -rf "$service/releases/.new-$1" "$service/releases/.old-$1"
  [ -d "$release" ] || { echo gone; prune "$2"; return 0; }
  stop_instance "$release"
  port=$(cat "$release/state/port" 2> /dev/null)
  [ "$(readlink "$service/current")" != "releases/$1" ] || rm -f "$service/current"
  mv "$release" "$service/releases/.old-$1" && rm -rf "$service/releases/.old-$1" || refuse not-removed "$release"
  [ -z "$port" ] || rm -rf "$root/.slipway/ports/$port"
  echo removed
  prune "$2"
}

activate() {
  [ -d "$service/releases/$1" ] || { echo gone; return 0; }
  rm -f "$service/.current"
  ln -s "releases/$1" "$service/.current" && mv -fT "$service/.current" "$service/current" ||
    refuse not-linked "$service/current"
  prune "$2"
}

prune() {
  used=" $(cat "$service"/releases/*/state/digest 2> /dev/null | tr '\n' ' ')"
  ls -1t "$service/artifacts" | tail -n +$(($1 + 1)) | while read -r digest; do
    case "$used" in *" $digest "*) ;; *) rm -rf "$service/artifacts/$digest" ;; esac
  done
  ls -1t "$service/log" | tail -n +$(($1 + 1)) | while read -r revision; do
    [ -d "$service/releases/$revision" ] || rm -rf "$service/log/$revision"
  done
}

case "$verb" in
  has) [ -d "$base/$1/artifacts/$2" ] && echo yes || echo no ;;
  receive | stage | remove | activate)
    change "$1" "$2"
    shift 2
    "$verb" "$@"
    ;;
  list | logs | health) "$verb" "$@" ;;
  *) refuse no-verb "$verb" ;;
esac
`;
