import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** The number of threads among the fields of `/proc/PID/stat` that follow the command's name; see proc_pid_stat(5). */
const THREADS = 17;

/** A live process and what it belongs to. */
export interface ProcessEntry {
  pid: number;
  group: number;
  session: number;
}

/** Everything that runs on this machine, zombies left out. */
export async function listProcesses(): Promise<ProcessEntry[]> {
  if (process.platform === 'linux') {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  }
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,pgid=,stat='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => parsePs(line) ?? []);
}

function readStat(pid: number): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // Gone in between.
  }
  // The second field is the command's name in parentheses and may hold anything: count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , group, session] = fields;
  // A zombie whose other threads are still ending has its files and ports open yet.
  const ended = state === 'X' || (state === 'Z' && Number(fields[THREADS]) <= 1);
  return ended ? undefined : { pid, group: Number(group), session: Number(session) };
}

/** The `ps` of macOS doesn't tell sessions; there the group alone holds a family together. */
function parsePs(line: string): ProcessEntry | undefined {
  const [pid, group, state] = line.trim().split(/\s+/);
  if (!pid || !state || state.startsWith('Z')) return undefined;
  return { pid: Number(pid), group: Number(group), session: Number(group) };
}
