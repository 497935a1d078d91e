/** Shell functions that start and stop the instance of a release, by systemd or by the supervisor alone. */
export const INSTANCE_FUNCTIONS = String.raw`
unit_control() {
  case "$(cat "$1/state/unit-of")" in
    system) shift; systemctl "$@" ;;
    *) shift; systemctl --user "$@" ;;
  esac
}

systemd_here() {
  [ -d /run/systemd/system ] || return 1
  if [ "$(id -u)" = 0 ]; then
    case "$(systemctl is-system-running 2> /dev/null)" in running | degraded | starting) echo system ;; *) return 1 ;; esac
  else
    XDG_RUNTIME_DIR=${'$'}{XDG_RUNTIME_DIR:-/run/user/$(id -u)}
    export XDG_RUNTIME_DIR
    [ "$(loginctl show-user "$(id -un)" -p Linger --value 2> /dev/null)" = yes ] || return 1
    systemctl --user show-environment > /dev/null 2>&1 && echo user
  fi
}

in_unit() { printf %s "$1" | sed 's/[%$]/&&/g; s/[\\"]/\\&/g'; }

start_by_unit() {
  printf '%s\n' "$2" > "$1/state/unit-of"
  case "$2" in system) units=/etc/systemd/system ;; *) units=$HOME/.config/systemd/user ;; esac
  unit=slipway-$(printf %s "$1" | sha256sum | cut -c 1-16).service
  mkdir -p "$units"
  cat > "$units/$unit" << END
[Unit]
Description=Slipway release $(in_unit "$1")
After=network.target
[Service]
ExecStart=/bin/sh "$(in_unit "$here/$supervisor")" "$(in_unit "$1")" "$(in_unit "$logs")" $grace
KillMode=mixed
TimeoutStopSec=$((grace / 10 + 10))
Restart=always
RestartSec=1
[Install]
WantedBy=$([ "$2" = system ] && echo multi-user.target || echo default.target)
END
  printf '%s\n' "$units/$unit" > "$1/state/unit"
  unit_control "$1" daemon-reload && unit_control "$1" enable --now "$unit" > /dev/null 2>&1
}

start_instance() {
  alive "$1/state/supervisor" && return 0
  if [ "$2" = systemd ]; then
    by=$(systemd_here) || refuse no-systemd
    start_by_unit "$1" "$by" || refuse unstartable "$(cat "$1/state/unit")"
  else
    command -v setsid > /dev/null || refuse no-program setsid
    setsid sh "$here/$supervisor" "$1" "$logs" "$grace" < /dev/null > /dev/null 2>&1 9>&- &
  fi
  wanted=100
  until alive "$1/state/supervisor"; do
    wanted=$((wanted - 1))
    [ "$wanted" -gt 0 ] || refuse unstartable supervisor
    moment
  done
}

stop_instance() {
  grace=$(cat "$1/state/grace" 2> /dev/null || echo 100)
  if [ -f "$1/state/unit" ]; then
    unit=$(cat "$1/state/unit")
    unit_control "$1" disable --now "${'$'}{unit##*/}" > /dev/null 2>&1
    rm -f "$unit"
    unit_control "$1" daemon-reload
  fi
  if alive "$1/state/supervisor"; then
    kill -s TERM "$pid"
    patience=$((grace + 50))
    while alive "$1/state/supervisor" && [ "$patience" -gt 0 ]; do
      moment
      patience=$((patience - 1))
    done
    alive "$1/state/supervisor" && kill -s KILL "$pid"
  fi
  alive "$1/state/process" && end_group "$pid" "$grace"
  for stream in stdout stderr; do
    patience=20
    while alive "$1/state/$stream.keeper" && [ "$patience" -gt 0 ]; do
      moment
      patience=$((patience - 1))
    done
    rm -f "$1/state/$stream.keeper"
  done
}

state_of() {
  if alive "$1/state/process"; then echo running
  elif alive "$1/state/supervisor"; then [ -f "$1/state/restarts" ] && echo restarting || echo starting
  else echo stopped; fi
}

choose_port() {
  listening=" $(cat /proc/net/tcp /proc/net/tcp6 2> /dev/null |
    sed -n 's/^ *[0-9]*: [0-9A-F]*:\([0-9A-F]*\) [0-9A-F:]* 0A .*/\1/p' | tr '\n' ' ')"
  mkdir -p "$root/.slipway/ports"
  exec 8> "$root/.slipway/ports.lock"
  flock 8
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
    printf '%s\n' "$3" > "$root/.slipway/ports/$port/owner"
    echo "$port"
    return 0
  done
  return 1
}
`;
