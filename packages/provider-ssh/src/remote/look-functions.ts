/** At most so much of one log is sent at a time; the rest at the next call. */
const LOG_CHUNK = 1024 * 1024;

/**
 * Shell functions that look and change nothing: what runs, what it wrote, whether its health command passes. How far a
 * log was read is told as its inode and an offset, so that a file that was turned over is read to its end first.
 */
export const LOOK_FUNCTIONS = String.raw`
word_in() { [ -s "$1" ] && cat "$1" 2> /dev/null || echo "$2"; }

# Where it was told to listen, whatever its host's options say by now.
listens_on() { sed -n "s/^export HOST='\(.*\)'$/\1/p" "$1/environment.own" 2> /dev/null | head -n 1; }

list() {
  for release in "$base"/${'$'}{1:-*}/releases/*; do
    [ -d "$release/state" ] || continue
    service=${'$'}{release%/releases/*}
    state=$(state_of "$release")
    pid=0
    runs "$release" || pid=0
    printf 'release %s %s %s %s %s %s %s\n' "${'$'}{service##*/}" "${'$'}{release##*/}" "$state" \
      "$(word_in "$release/state/port" 0)" "$pid" "$(word_in "$release/state/restarts" 0)" \
      "$(word_in "$release/state/started" -)"
    ending "$release" && why='is to end' || why=$(word_in "$release/state/last-exit" "")
    printf 'why %s\nlistens %s\n' "$why" "$(listens_on "$release")"
    printf 'record %s\n' "$(word_in "$release/.slipway.json" null)"
  done
}

send_log() {
  printf 'log %s %s %s %s ' "$1" "$2" "$3" "$(date -u -r "$4" +%Y-%m-%dT%H:%M:%S.%3NZ)"
  base64 | tr -d '\n'
  echo
}

send_rest() {
  offset=$3
  size=$(($(wc -c < "$1")))
  [ "$size" -ge "$offset" ] || offset=0
  [ "$size" -gt "$offset" ] || return 0
  end=$size
  [ $((size - offset)) -le ${LOG_CHUNK} ] || end=$((offset + ${LOG_CHUNK}))
  tail -c +$((offset + 1)) "$1" | head -c $((end - offset)) | send_log "$revision" "$stream" "$2:$end" "$1"
  [ "$end" -eq "$size" ]
}

logs() {
  service=$base/$1 lines=$2
  shift 2
  for file in "$service"/log/*/stdout "$service"/log/*/stderr "$service"/log/*/slipway; do
    [ -f "$file" ] || continue
    stream=${'$'}{file##*/}
    revision=${'$'}{file%/*}
    revision=${'$'}{revision##*/}
    from=
    for known in "$@"; do
      case "$known" in "$revision/$stream="*) from=${'$'}{known##*=} ;; esac
    done
    file_is=$(stat -c %i "$file")
    if [ -z "$from" ] && [ "$lines" != all ]; then
      size=$(($(wc -c < "$file")))
      { [ ! -f "$file.1" ] || cat "$file.1"; head -c "$size" "$file"; } | tail -n "$lines" | tail -c ${LOG_CHUNK} |
        send_log "$revision" "$stream" "$file_is:$size" "$file"
      continue
    fi
    if [ -n "$from" ] && [ "${'$'}{from%:*}" != "$file_is" ] && [ -f "$file.1" ]; then
      older_is=$(stat -c %i "$file.1")
      [ "${'$'}{from%:*}" = "$older_is" ] || from=0
      send_rest "$file.1" "$older_is" "${'$'}{from#*:}" || continue
      from=
    fi
    case "$from" in "$file_is":*) ;; *) from=0 ;; esac
    send_rest "$file" "$file_is" "${'$'}{from#*:}"
  done
  return 0
}

health() {
  release=$base/$1/releases/$2
  [ -d "$release" ] || refuse no-release "$2"
  runs "$release" || { echo 'it does not run any more'; exit 1; }
  # The service's variables may have any name, PATH too: they are this subshell's alone, and what it needs has none.
  said=$(
    set -- "$release" "$(cat)" "$(command -v timeout)" "$3" "$4"
    enter_release "$1"
    export SLIPWAY_SCRIPT="$2" SLIPWAY_URL="$5"
    exec "$3" -k 1 "$4" /bin/sh -c 'eval "unset SLIPWAY_SCRIPT
$SLIPWAY_SCRIPT"' 2>&1
  )
  code=$?
  printf '%s\n' "$said" | tail -n 5 | if [ -s "$release/mask" ]; then sed -f "$release/mask"; else cat; fi
  exit "$code"
}
`;
