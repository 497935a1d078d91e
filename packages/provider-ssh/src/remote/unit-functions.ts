/**
 * Shell functions around systemd. A release that it keeps running is a unit of its own, of the machine (`system`) or of
 * the user (`user`), which runs the supervisor and is enabled: it comes back after a reboot, and after a crash of the
 * supervisor, which takes what still runs back. That is why only the supervisor is signalled (`KillMode=process`), and
 * an instance that ran out of memory is its business too (`OOMPolicy=continue`). What a unit holds is a path: no
 * variable, no secret. `enable` and `disable` have the manager read its units anew. (systemd.unit(5), systemd.service(5), systemd.kill(5), systemctl(1), loginctl(1).)
 */
export const UNIT_FUNCTIONS = String.raw`
unit_control() {
  manager=$1
  shift
  case "$manager" in
    system) systemctl --no-ask-password "$@" ;;
    *) XDG_RUNTIME_DIR=${'$'}{XDG_RUNTIME_DIR:-/run/user/$(id -u)} systemctl --user "$@" ;;
  esac
}

manager_answers() {
  [ -d /run/systemd/system ] || return 1
  case "$(unit_control "$1" is-system-running 2> /dev/null)" in running | degraded | starting) ;; *) return 1 ;; esac
}

systemd_here() {
  if [ "$(id -u)" = 0 ]; then [ -w "$(units_of system)" ] && manager_answers system && echo system
  else [ -e "/var/lib/systemd/linger/$(id -un)" ] && manager_answers user && echo user; fi
}

units_of() {
  case "$1" in system) echo /etc/systemd/system ;; *) echo "$HOME/.config/systemd/user" ;; esac
}

unit_for() {
  unit=$(printf %s "$1" | sha256sum)
  echo "slipway-$(printf %.16s "$unit").service"
}

in_unit() { printf %s "$1" | sed 's/[%$]/&&/g; s/[\\"]/\\&/g'; }

start_by_unit() {
  units=$(units_of "$2") unit=$(unit_for "$1")
  mkdir -p "$units" && cat > "$units/.$unit" << END || return 1
[Unit]
Description=Slipway release $(in_unit "$1")
After=network.target
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh "$(in_unit "$here/$supervisor")" "$(in_unit "$1")" "$(in_unit "$logs")" $grace
KillMode=process
IgnoreSIGPIPE=no
OOMPolicy=continue
TimeoutStopSec=$((grace / 10 + 10))
Restart=always
RestartSec=1
[Install]
WantedBy=$([ "$2" = system ] && echo multi-user.target || echo default.target)
END
  chmod 0644 "$units/.$unit"
  mv -f "$units/.$unit" "$units/$unit"
  unit_control "$2" enable --now "$unit" > /dev/null 2>&1
}

end_unit() {
  units=$(units_of "$2") unit=$(unit_for "$1")
  [ -e "$units/$unit" ] || return 0
  if manager_answers "$2"; then
    unit_control "$2" disable --now "$unit" > /dev/null 2>&1 || refuse unit-stays "$unit"
    unit_control "$2" reset-failed "$unit" 2> /dev/null
  fi
  rm -f "$units"/*.wants/"$unit" "$units/$unit"
}
`;
