/**
 * Shell functions that tell processes apart by pid, start time and boot, so that a pid that was given out anew is
 * not mistaken for its earlier owner. The start time is field 22 of `/proc/PID/stat` (proc(5)), else what `ps` says.
 */
export const PROCESS_FUNCTIONS = String.raw`
LC_ALL=C
export LC_ALL
umask 077

start_of() {
  if [ -d /proc/self ]; then
    { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 0
    set -- ${'$'}{stat##*) }
    case "$1" in Z | X) ;; *) printf %s "${'$'}{20}" ;; esac
  else
    ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _
  fi
}

boot_of_machine() {
  if [ -r /proc/sys/kernel/random/boot_id ]; then cat /proc/sys/kernel/random/boot_id; else echo -; fi
}

remember() {
  printf '%s %s %s\n' "$2" "$(start_of "$2")" "$(boot_of_machine)" > "$1.$2" && mv -f "$1.$2" "$1"
}

alive() {
  pid= start= boot=
  { read -r pid start boot < "$1"; } 2>/dev/null || return 1
  [ -n "$start" ] && [ "$boot" = "$(boot_of_machine)" ] && [ "$(start_of "$pid")" = "$start" ]
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
