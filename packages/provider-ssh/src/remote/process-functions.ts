/** What a login has that is its own, and not the user's. */
const OF_A_LOGIN =
  'LC_ALL SSH_AUTH_SOCK SSH_CLIENT SSH_CONNECTION SSH_ORIGINAL_COMMAND SSH_TTY XDG_SESSION_CLASS XDG_SESSION_ID XDG_SESSION_TYPE';

/**
 * Shell functions that tell processes apart by pid, start time and boot, so that a pid that was given out anew is
 * not mistaken for its earlier owner. The start time is field 22 of `/proc/PID/stat` (proc(5)), else what `ps` says. And
 * who is written down can be on a full disk too, as long as somebody was before: writing over it takes no more of it. And
 * the one that enters a release: its variables are the same whoever starts it, first those that the user had who
 * staged it, then what was declared.
 */
export const PROCESS_FUNCTIONS = String.raw`
LC_ALL=C
export LC_ALL
umask 077

boot=-
{ read -r boot < /proc/sys/kernel/random/boot_id; } 2> /dev/null

find_start() {
  found=
  if [ -d /proc/self ]; then
    { read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 0
    set -- ${'$'}{stat##*) }
    case "$1" in Z | X) ;; *) found=${'$'}{20} ;; esac
  else
    found=$(ps -o lstart= -p "$1" 2> /dev/null | tr -s ' ' _)
  fi
}

remember() {
  find_start "$2"
  said="$2 $found $boot"
  { printf '%s\n' "$said" > "$1.$2" && mv -f "$1.$2" "$1"; } 2> /dev/null && return 0
  rm -f "$1.$2"
  { [ -s "$1" ] && printf '%s\n' "$said" 1<> "$1"; } 2> /dev/null
}

alive() {
  pid= start= then=
  { read -r pid start then < "$1"; } 2> /dev/null || return 1
  find_start "$pid"
  [ -n "$start" ] && [ "$then" = "$boot" ] && [ "$found" = "$start" ]
}

moment() { sleep 0.1 2>/dev/null || sleep 1; }

end_group() {
  kill -s TERM -- "-$1" 2>/dev/null || kill -s TERM "$1" 2>/dev/null
  left=$2
  while kill -s 0 -- "-$1" 2>/dev/null && [ "$left" -gt 0 ]; do
    moment
    left=$((left - 1))
  done
  kill -s KILL -- "-$1" 2>/dev/null
  return 0
}

keep_login() ( unset ${OF_A_LOGIN}; export -p ) > "$1/environment.login"

enter_release() {
  unset ${OF_A_LOGIN}
  . "$1/environment.login"
  . "$1/environment"
  . "$1/environment.own"
  cd "$1/files/$SLIPWAY_PATH" || exit 126
  unset SLIPWAY_PATH
}
`;
