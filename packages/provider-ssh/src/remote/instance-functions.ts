/**
 * Shell functions that start and stop the instance of a release, by systemd or by the supervisor alone. What keeps it
 * running is written down before it starts, and stands as long as anything of it runs, whatever is wanted meanwhile:
 * nothing is ever started a second time beside it. One that is to end is marked before anything is asked to end, until
 * it is started anew: whenever the call that ends it dies, nobody takes what is about to end for what runs.
 */
export const INSTANCE_FUNCTIONS = String.raw`
write_down() { printf '%s\n' "$2" > "$1.part" && mv -f "$1.part" "$1"; }

kept_by() { cat "$1/state/kept-by" 2> /dev/null; }

keeper_for() {
  case "$1" in
    shell) echo shell ;;
    systemd) systemd_here ;;
    *) systemd_here || echo shell ;;
  esac
}

ending() { [ -e "$1/state/ending" ]; }

runs() { ! ending "$1" && alive "$1/state/process"; }

start_instance() {
  if ending "$1"; then
    stop_instance "$1"
    rm -f "$1/state/ending" || refuse no-space "$1"
  fi
  alive "$1/state/supervisor" && return 0
  keeper=$(kept_by "$1")
  if [ -z "$keeper" ] || ! alive "$1/state/process"; then
    wanted=$(keeper_for "$2") || refuse no-systemd
    case "$keeper" in "$wanted" | shell | "") ;; *) end_unit "$1" "$keeper" ;; esac
    keeper=$wanted
    write_down "$1/state/kept-by" "$keeper" || refuse no-space "$1"
  fi
  if [ "$keeper" = shell ]; then
    command -v setsid > /dev/null || refuse no-program setsid
    setsid sh "$here/$supervisor" "$1" "$logs" "$grace" < /dev/null > /dev/null 2>&1 9>&- &
  else
    start_by_unit "$1" "$keeper" || refuse unstartable "$(unit_for "$1")"
  fi
  patience=100
  until alive "$1/state/supervisor"; do
    patience=$((patience - 1))
    [ "$patience" -gt 0 ] || refuse unstartable supervisor
    moment
  done
}

until_free() {
  [ -e "$1" ] || return 0
  patience=$2
  until flock -n 7 7> "$1"; do
    patience=$((patience - 1))
    [ "$patience" -gt 0 ] || return 0
    moment
  done
}

stop_instance() {
  [ ! -d "$1/state" ] || touch "$1/state/ending" || refuse no-space "$1"
  grace=$(cat "$1/state/grace" 2> /dev/null || echo 100)
  case "$(kept_by "$1")" in system | user) end_unit "$1" "$(kept_by "$1")" ;; esac
  if alive "$1/state/supervisor"; then
    kill -s TERM "$pid"
    patience=$((grace + 50))
    while alive "$1/state/supervisor" && [ "$patience" -gt 0 ]; do
      moment
      patience=$((patience - 1))
    done
    alive "$1/state/supervisor" && kill -s KILL "$pid"
  fi
  until_free "$1/state/starting" 50
  alive "$1/state/process" && end_group "$pid" "$grace"
  for stream in stdout stderr; do until_free "$1/state/$stream.reader" 20; done
}

state_of() {
  if ending "$1"; then echo stopped
  elif alive "$1/state/process"; then echo running
  elif alive "$1/state/supervisor"; then [ -f "$1/state/restarts" ] && echo restarting || echo starting
  else echo stopped; fi
}

# 1: none is free; 2: it can't be written down whose it is.
choose_port() {
  listening=" $(cat /proc/net/tcp /proc/net/tcp6 2> /dev/null |
    sed -n 's/^ *[0-9]*: [0-9A-F]*:\([0-9A-F]*\) [0-9A-F:]* 0A .*/\1/p' | tr '\n' ' ')"
  mkdir -p "$root/.slipway/ports"
  exec 8> "$root/.slipway/ports.lock"
  flock 8
  printf '%s\n' "$3" > "$root/.slipway/ports/.owner" || return 2
  count=$(($2 - $1 + 1))
  seed=$(printf %s "$3" | cksum)
  tried=0
  while [ "$tried" -lt "$count" ]; do
    port=$(($1 + (${'$'}{seed%% *} + tried) % count))
    tried=$((tried + 1))
    case "$listening" in *" $(printf %04X "$port") "*) continue ;; esac
    owner=$(cat "$root/.slipway/ports/$port/owner" 2> /dev/null)
    [ -d "$owner" ] || [ -d "${'$'}{owner%/*}/.new-${'$'}{owner##*/}" ] || rm -rf "$root/.slipway/ports/$port"
    mkdir "$root/.slipway/ports/$port" 2> /dev/null || continue
    mv "$root/.slipway/ports/.owner" "$root/.slipway/ports/$port/owner" || return 2
    echo "$port"
    return 0
  done
  return 1
}
`;
