/**
 * Shell functions that decide whether a call may change something. An epoch that was seen is a folder, so that the
 * newest one never goes back, whoever writes at the same time. What is sent is taken in before the lock: a call whose
 * sender was lost holds nobody up, however late the host learns of it. The lock is the kernel's (flock(2)), so it ends
 * with its holder.
 */
export const ADMISSION_FUNCTIONS = `
admit() {
  mkdir -p "$base/.epochs/$1" || refuse no-folder "$base"
  newest=$1
  for known in "$base"/.epochs/*; do
    known=\${known##*/}
    [ "$known" -le "$newest" ] || newest=$known
  done
  [ "$1" -eq "$newest" ] || { rmdir "$base/.epochs/$1" 2> /dev/null; refuse fenced "$newest"; }
  for known in "$base"/.epochs/*; do
    [ "\${known##*/}" -ge "$1" ] || rmdir "$known" 2> /dev/null
  done
}

take_in() {
  sent=$service/.sent.$$
  trap 'rm -f "$sent"' EXIT
  trap 'exit 1' HUP INT TERM PIPE
  for left in "$service"/.sent.*; do
    kill -s 0 "\${left##*.}" 2> /dev/null || rm -f "$left"
  done
  cat > "$sent" || refuse no-space "$service"
}

change() {
  command -v flock > /dev/null || refuse no-program flock
  admit "$1"
  service=$base/$2
  mkdir -p "$service/releases" "$service/artifacts" "$service/shared" "$service/log" || refuse no-folder "$service"
  take_in
  exec 9> "$service/.lock"
  tries=600
  until flock -n 9; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || refuse busy
    moment
  done
  admit "$1"
}
`;
