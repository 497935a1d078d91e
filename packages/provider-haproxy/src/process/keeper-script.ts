/** How often it is looked whether the project is still there, and how long the log has become. */
const LOOK_EVERY_S = 5;
const LOG_LIMIT_BYTES = 1024 * 1024;

/**
 * Keeps HAProxy running, as a shell script: when a worker crashes the master ends with it, and nobody starts it again.
 * Told by standard input, so that nothing begins before `keeper.json` names it, in the folder of the environment. Its
 * arguments, behind that folder for people to see: where the sockets are, if not there, which goes with the project; the
 * pid of a master that runs already (0: none), which is nobody's child any more and so is looked for; the program with
 * its arguments.
 *
 * - One that `keeper.json` names no more, or that has no config, starts nothing again.
 * - A start that fails is tried again at once, then ten times within a second, since the ports are free as soon as the
 *   workers of the one before have ended; then later and later, in the end every 30 s.
 * - USR1 lets HAProxy end when its last session has, and so does the end of `keeper.json`, and with it of the project:
 *   looked for in the folder that it was started in, wherever that was moved.
 */
export const KEEPER_SCRIPT = `
{
sockets=$2; child=$3; shift 3
mine() { case $(cat keeper.json 2>/dev/null) in *'"pid":'$$,*) ;; *) false ;; esac }
lives() {
  kill -0 "$1" || return 1
  read -r _ _ state _ <"/proc/$1/stat" || return 0
  [ "$state" != Z ]
} 2>/dev/null
nap() { sleep "$1" & nap=$!; wait $nap || kill $nap; } 2>/dev/null
trap 'asked=USR1; kill -USR1 "$child" 2>/dev/null' USR1
trap 'asked=TERM; kill -TERM "$child" 2>/dev/null' TERM INT
(
  trap 'kill $nap; exit' TERM
  while nap ${LOOK_EVERY_S}; kill -0 $$; do
    if [ "$(wc -c <haproxy.log)" -gt ${LOG_LIMIT_BYTES} ]; then cp haproxy.log haproxy.log.1; : >haproxy.log; fi
    [ -e keeper.json ] || sleep 1
    if ! [ -e keeper.json ]; then kill -USR1 $$; exit; fi
  done
) 2>/dev/null & watch=$!
trap 'kill "$watch" 2>/dev/null' EXIT
if [ "$child" != 0 ]; then while lives "$child"; do nap 1; done; fi
tries=0
while [ -z "$asked" ] && mine && [ -e haproxy.cfg ]; do
  began=$(date +%s)
  "$@" & child=$!
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  [ -z "$asked" ] || break
  if [ $(($(date +%s) - began)) -gt 5 ]; then tries=0; fi
  tries=$((tries + 1))
  if [ $tries -gt 40 ]; then nap 30
  elif [ $tries -gt 11 ]; then nap $((tries - 10))
  elif [ $tries -gt 1 ]; then nap 0.1; fi
done
[ -z "$sockets" ] || [ -e keeper.json ] || rm -rf "$sockets"
exit
}
`;
