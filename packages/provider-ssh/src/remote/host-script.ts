import { ADMISSION_FUNCTIONS } from './admission-functions.ts';
import { INSTANCE_FUNCTIONS } from './instance-functions.ts';
import { LOOK_FUNCTIONS } from './look-functions.ts';
import { PROCESS_FUNCTIONS } from './process-functions.ts';
import { UNIT_FUNCTIONS } from './unit-functions.ts';

/** Exit code of a call that the host refused; what and why is the last line of its standard error. */
export const REFUSED = 65;
/** What was staged or decided before such times were kept was so before all that has one. */
const NEVER = '0.0';

/**
 * All that is done on a host: `sh host.sh ROOT PROJECT ENVIRONMENT VERB ARGUMENTS`. Needs a POSIX shell, coreutils,
 * tar, gzip, sed and flock. What changes something is admitted by epoch and done under a lock, one call at a time for
 * each service.
 */
export const HOST_SCRIPT = String.raw`#!/bin/sh
set -u
${PROCESS_FUNCTIONS}
refuse() {
  printf 'slipway-refused %s %s\n' "$1" "${'$'}{2:-}" >&2
  exit ${REFUSED}
}
${UNIT_FUNCTIONS}
${INSTANCE_FUNCTIONS}
${LOOK_FUNCTIONS}
here=${'$'}{0%/*}
root=$1
base=$1/$2/$3
verb=$4
shift 4

${ADMISSION_FUNCTIONS}
export_line() {
  printf 'export %s=' "$1"
  printf '%s\n' "$2" | sed "s/'/'\\\\''/g; s/^/'/; s/\$/'/"
}

give_own() {
  own=$(export_line PORT "$1"; export_line HOST "$listen_on"; export_line SLIPWAY_DATA_DIR "$service/shared")
  printf '%s\n' "$own" > "$2/environment.own"
}

receive_files() {
  while read -r name data; do
    [ "$name" != end ] || continue
    printf %s "$data" | base64 -d > "$1/$name" || return 1
    # What a full disk didn't take, not every base64 tells.
    [ "$(base64 < "$1/$name" | tr -d '\n')" = "$data" ] || return 1
  done < "$sent"
}

receive() {
  artifact=$service/artifacts/$1
  [ ! -d "$artifact" ] || return 0
  part=$service/artifacts/.part
  rm -rf "$part"
  sum=$(sha256sum < "$sent")
  [ "${'$'}{sum%% *}" = "$2" ] || refuse damaged
  mkdir "$part" && tar -C "$part" -xzof "$sent" && chmod -R u+rwX "$part" && mv "$part" "$artifact" ||
    { rm -rf "$part"; refuse unpack "$artifact"; }
  touch "$artifact"
}

lay_out() {
  mkdir -p "$new/state" && receive_files "$new" && cp -Rp "$service/artifacts/$digest" "$new/files" &&
    chmod 0600 "$new"/environment "$new"/mask "$new"/.slipway.json && ln -s ../../shared "$new/shared" &&
    mkfifo "$new/state/stdout.pipe" "$new/state/stderr.pipe" || return 1
  for path in "$@"; do
    mkdir -p "$service/shared/$path" "$(dirname "$new/files/$path")" && rm -rf "$new/files/$path" &&
      ln -s "$service/shared/$path" "$new/files/$path" || return 1
  done
  port=$(choose_port "$first" "$last" "$release")
  case $? in 0) ;; 1) rm -rf "$new"; refuse no-port "$first-$last" ;; *) return 1 ;; esac
  give_own "$port" "$new" && printf '%s\n' "$port" > "$new/state/port" &&
    printf '%s\n' "$digest" > "$new/state/digest" && printf '%s\n' "$grace" > "$new/state/grace" &&
    printf '%s\n' "$decided_at" > "$new/state/staged" && keep_login "$new"
}

make_release() {
  [ -d "$service/artifacts/$digest" ] || refuse no-artifact "$digest"
  new=$service/releases/.new-$revision
  rm -rf "$new"
  lay_out "$@" && mv "$new" "$release" || { rm -rf "$new"; refuse no-space "$release"; }
}

renew_release() {
  given=$release/.given
  rm -rf "$given"
  mkdir "$given" && receive_files "$given" && mv -f "$given/.slipway.json" "$given/run" "$release/" ||
    { rm -rf "$given"; refuse no-space "$release"; }
  if [ "$running" = leave ] && runs "$release"; then
    rm -rf "$given"
    return 0
  fi
  give_own "$(cat "$release/state/port")" "$given" || { rm -rf "$given"; refuse no-space "$release"; }
  for file in environment environment.own command; do
    [ "$(cat "$given/$file")" = "$(cat "$release/$file")" ] && continue
    stop_instance "$release"
    mv -f "$given/environment" "$given/environment.own" "$given/mask" "$given/command" "$release/" ||
      refuse no-space "$release"
    break
  done
  rm -rf "$given"
}

stage() {
  revision=$1 digest=$2 grace=$3 first=$4 last=$5 by=$6 supervisor=$7 listen_on=$8 running=$9
  shift 9
  decided_at=$1
  shift
  [ "$(tail -n 1 "$sent")" = end ] || refuse damaged
  release=$service/releases/$revision
  logs=$service/log/$revision
  mkdir -p "$logs"
  if [ -d "$release" ]; then
    write_down "$release/state/staged" "$decided_at" || refuse no-space "$release"
    renew_release
  else
    make_release "$@"
  fi
  touch "$service/artifacts/$digest" "$logs"
  start_instance "$release" "$by"
  tell_owed
  printf 'port %s\nlistens %s\n' "$(cat "$release/state/port")" "$(listens_on "$release")"
}

later() {
  [ "${'$'}{1%.*}" -gt "${'$'}{2%.*}" ] || { [ "${'$'}{1%.*}" -eq "${'$'}{2%.*}" ] && [ "${'$'}{1#*.}" -gt "${'$'}{2#*.}" ]; }
}

staged_since() { later "$(word_in "$release/state/staged" ${NEVER})" "$1"; }

# With a third word it was decided then, while this host was away.
remove() {
  release=$service/releases/$1
  if [ -n "${'$'}{3:-}" ] && staged_since "$3"; then
    echo kept
    return 0
  fi
  rm -rf "$service/releases/.new-$1" "$service/releases/.old-$1"
  tell_owed
  [ -d "$release" ] || { echo gone; prune "$2"; return 0; }
  stop_instance "$release"
  port=$(cat "$release/state/port" 2> /dev/null)
  [ "$(readlink "$service/current")" != "releases/$1" ] || rm -f "$service/current"
  mv "$release" "$service/releases/.old-$1" && rm -rf "$service/releases/.old-$1" || refuse not-removed "$release"
  [ -z "$port" ] || rm -rf "$root/.slipway/ports/$port"
  echo removed
  prune "$2"
}

keep() {
  release=$service/releases/$1
  [ -d "$release/state" ] || return 0
  staged_since "$2" || write_down "$release/state/staged" "$2" || refuse no-space "$release"
}

owe() {
  mkdir -p "$service/.owed/$1/$2" && write_down "$service/.owed/$1/$2/decided" "$3 $4" || refuse no-space "$service"
}

settle() {
  rm -rf "$service/.owed/$1/$2"
  rmdir "$service/.owed/$1" "$service/.owed" 2> /dev/null
  return 0
}

tell_owed() {
  for owed in "$service"/.owed/*/*; do
    [ -d "$owed" ] || continue
    decided=$(word_in "$owed/decided" "${NEVER} remove")
    revision_owed=${'$'}{owed##*/}
    owed=${'$'}{owed%/*}
    printf 'owed %s %s %s\n' "${'$'}{owed##*/}" "$revision_owed" "$decided"
  done
}

activate() {
  tell_owed
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
  receive | stage | remove | keep | activate | owe | settle)
    change "$1" "$2"
    shift 2
    "$verb" "$@"
    ;;
  list | logs | health) "$verb" "$@" ;;
  *) refuse no-verb "$verb" ;;
esac
`;
