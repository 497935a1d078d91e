import { PROCESS_FUNCTIONS } from './process-functions.ts';

/** A log that has grown beyond this is put aside, and the one that was aside before is dropped; in bytes. */
const LOG_LIMIT = 10 * 1024 * 1024;
/** What a pipe holds, and the most that one read brings, in bytes. */
const BLOCK = 65_536;
/** The size is looked at after so many reads: after few while they bring much, after many while they bring a line each. */
const [FEW_BLOCKS, MANY_BLOCKS] = [64, 1_024];

/**
 * Keeps one process running: `sh supervisor.sh RELEASE LOGS GRACE`, the grace in tenths of a second. Starts it in a
 * session of its own, takes one that still runs back, starts one that ended again after 1 s, doubled up to 30 s, and
 * ends it on SIGTERM, with SIGKILL after the grace. What it writes goes through pipes into files that are turned
 * over by size, secrets masked; what a full disk can't take is dropped, and a reader that dies is replaced, so that it
 * holds nobody up. The pipes stay open
 * when the supervisor dies, so the process goes on; each process opens them anew, since what one makes of its own
 * (O_NONBLOCK) would be so for the next.
 *
 * Locks (flock(2)) end with their holders: one supervisor at a time has `supervisor.lock`, one reader `stdout.reader`,
 * and a process that is being started `starting`, until it has said its pid. So nothing starts twice, whenever a
 * supervisor dies.
 */
export const SUPERVISOR_SCRIPT = String.raw`#!/bin/sh
${PROCESS_FUNCTIONS}
release=$1
logs=$2
grace=$3
state=$release/state

note() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >> "$logs/slipway"; }

size_of() { wc -c < "$1" 2> /dev/null || echo 0; }

write_log() {
  blocks=${FEW_BLOCKS} size=$(size_of "$1")
  while :; do
    if dd bs=${BLOCK} count=$blocks >> "$1" 2> /dev/null; then
      before=$size size=$(size_of "$1")
      [ "$size" -ne "$before" ] || return 0
      [ $((size - before)) -lt $((blocks * ${BLOCK} / 16)) ] && blocks=${MANY_BLOCKS} || blocks=${FEW_BLOCKS}
      [ "$size" -lt ${LOG_LIMIT} ] || { mv -f "$1" "$1.1"; size=0; }
    else
      [ "$(dd bs=${BLOCK} count=1 2> /dev/null | wc -c)" -gt 0 ] || return 0
    fi
  done 2> /dev/null
}

keep_log() {
  [ -s "$release/mask" ] || { write_log "$1"; return; }
  case "$(command -v stdbuf) $(sed --version 2> /dev/null)" in
    /*' sed (GNU sed)'*) stdbuf -oL sed -f "$release/mask" ;;
    *) if sed -u p < /dev/null > /dev/null 2>&1; then sed -u -f "$release/mask"; else sed -f "$release/mask"; fi ;;
  esac | write_log "$1"
}

exec 5> "$state/supervisor.lock" || exit 1
until flock -n 5; do
  alive "$state/supervisor" && exit 0
  moment
done
remember "$state/supervisor" $$ || exit 1
cd / || exit 1
exec 3<> "$state/stdout.pipe" 4<> "$state/stderr.pipe"
child=
ending=
trap '' HUP
trap 'ending=yes' TERM INT
for stream in stdout stderr; do
  (
    trap '' TERM INT
    exec 3>&- 4>&- 5>&-
    flock -n 7 || exit 0
    until keep_log "$logs/$stream"; ! alive "$state/supervisor"; do moment; done
  ) < "$state/$stream.pipe" 7> "$state/$stream.reader" &
done

delay=1
while [ -z "$ending" ]; do
  began=$(date +%s)
  exec 6> "$state/starting"
  until flock -n 6 || alive "$state/process"; do moment; done
  if alive "$state/process"; then
    exec 6>&-
    child=$pid
    note "took process $child back"
    while [ -z "$ending" ] && alive "$state/process"; do sleep 1; done
    how="ended"
  else
    setsid sh "$release/run" > "$state/stdout.pipe" 2> "$state/stderr.pipe" 3>&- 4>&- 5>&- < /dev/null &
    child=$!
    exec 6>&-
    note "started as process $child on port $(cat "$state/port")"
    code=0
    [ -n "$ending" ] || wait "$child" || code=$?
    how="exited with code $code"
    [ "$code" -le 128 ] || how="was ended by signal $((code - 128))"
  fi
  end_group "$child" "$([ -n "$ending" ] && echo "$grace" || echo 0)"
  [ -z "$ending" ] || { rm -f "$state/process"; break; }
  [ $(($(date +%s) - began)) -lt 60 ] || delay=1
  child=
  # By a rename: who looks at that moment sees the old number or the new one.
  printf '%s\n' $(($(cat "$state/restarts" 2> /dev/null || echo 0) + 1)) > "$state/.restarts" &&
    mv -f "$state/.restarts" "$state/restarts"
  note "$how, next start in $delay s"
  printf '%s\n' "$how" > "$state/last-exit"
  sleep "$delay" 3>&- 4>&- 5>&- &
  [ -n "$ending" ] || wait $!
  kill -s KILL $! 2> /dev/null
  delay=$((delay * 2))
  [ "$delay" -le 30 ] || delay=30
done
note stopped
rm -f "$state/supervisor"
`;

/**
 * What the supervisor starts: makes its own pid known before anything of the service runs, else starts nothing: nobody
 * could see it, or end it. `$0` is in the release. Once the service's variables are there nothing has a name: they may
 * have any, PATH too.
 */
export const RUN_SCRIPT = `#!/bin/sh
${PROCESS_FUNCTIONS}
release=${'$'}{0%/*}
remember "$release/state/process" $$ || { echo "$release/state can't be written: not started" >&2; exit 1; }
exec 6>&-
# Written over, as long as it was: a full disk has room for that.
printf '%s\n' "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" 1<> "$release/state/started"
enter_release "$release"
umask 022
exec /bin/sh "\${0%/*}/command"
`;
