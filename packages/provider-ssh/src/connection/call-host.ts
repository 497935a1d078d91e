import { type CallContext, sha256 } from '@slipway/core/provider';
import { refusedBy } from '../errors.ts';
import type { Fleet, Host } from '../options.ts';
import { HOST_SCRIPT, REFUSED } from '../remote/host-script.ts';
import { SUPERVISOR_SCRIPT } from '../remote/supervisor-script.ts';
import { commandLine, quoted } from '../shell.ts';
import { tellingItsEnd } from './host-connection.ts';
import { placeOf } from './place.ts';
import { connectionTo } from './pool.ts';

const HOST_FILE = `host-${sha256(HOST_SCRIPT).slice(0, 16)}.sh`;
/** Named for its content, so that one that runs is never written over. */
export const SUPERVISOR_FILE = `supervisor-${sha256(SUPERVISOR_SCRIPT).slice(0, 16)}.sh`;
/** Exit code of a call that found no script on the host. */
const NOT_INSTALLED = 97;

const FIND_ROOT = `case "$root" in
  "") if [ "$(id -u)" = 0 ]; then root=/opt/slipway; else root=$HOME/slipway; fi ;;
  "~/"*) root=$HOME/\${root#"~/"} ;;
esac
here=$root/.slipway`;

export interface HostAnswer {
  stdout: string;
  /** Of a health command; 0 of everything else. */
  code: number;
}

/**
 * Has the script on the host do one thing; it is put there first where it is missing. `input` goes to its standard
 * input: what others must not see never stands on a command line. Throws what the host refused as an error.
 */
export async function callHost(
  context: CallContext,
  { fleet, host }: { fleet: Fleet; host: Host },
  verb: string,
  words: readonly (string | number)[],
  input: Buffer | string = '',
): Promise<HostAnswer> {
  const connection = await connectionTo(host, fleet, context.signal);
  const { project, environment } = placeOf(context);
  const rest = commandLine([project, environment, verb, ...words.map(String)]);
  const call = `[ -f "$here/${HOST_FILE}" ] || exit ${NOT_INSTALLED}
exec sh "$here/${HOST_FILE}" "$root" ${rest}`;
  const command = onHost(host, call);
  let ended = await connection.run(command, input, context.signal);
  if (ended.code === NOT_INSTALLED) {
    const installed = await connection.run(onHost(host, INSTALL), INSTALL_INPUT, context.signal);
    if (installed.code !== 0) throw refusedBy(host, 'the set-up', installed);
    ended = await connection.run(command, input, context.signal);
  }
  const failed = ended.code !== 0 && (verb !== 'health' || /^slipway-refused/m.test(ended.stderr));
  if (failed) throw refusedBy(host, verb, ended);
  return { stdout: ended.stdout, code: ended.code };
}

/** Whatever shell the user has there, this runs in `sh`, with `$root` and `$here`. */
function onHost({ root }: Host, script: string): string {
  return `exec /bin/sh -c ${quoted(tellingItsEnd(`root=${quoted(root ?? '')}\n${FIND_ROOT}\n${script}`))}`;
}

/** The one that is looked for comes last: when it is there, so is the other. */
const SCRIPTS = { [SUPERVISOR_FILE]: SUPERVISOR_SCRIPT, [HOST_FILE]: HOST_SCRIPT };

const INSTALL = `umask 077
refuse() { echo "slipway-refused $1 $here" >&2; exit ${REFUSED}; }
mkdir -p "$here" || refuse no-folder
while read -r name data; do
  printf %s "$data" | base64 -d > "$here/.$name.$$" && mv -f "$here/.$name.$$" "$here/$name" || refuse no-space
done`;

const INSTALL_INPUT = filesAsInput(SCRIPTS);

/** Files by name, as the scripts on a host read them: a line each, the content in base64. */
export function filesAsInput(files: Readonly<Record<string, string>>): string {
  return Object.entries(files)
    .map(([name, text]) => `${name} ${Buffer.from(text).toString('base64')}\n`)
    .join('');
}
