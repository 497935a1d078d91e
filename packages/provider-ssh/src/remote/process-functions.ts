/**
 * Shell functions that tell processes apart by pid, start time and boot, so that a pid that was given out anew is
 * not mistaken for its earlier owner. The start time is field 22 of `/proc/PID/stat` (proc(5)), else what `ps` says.
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
  printf '%s %s %s\n' "$2" "$found" "$boot" > "$1.$2" && mv -f "$1.$2" "$1"
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
`;
