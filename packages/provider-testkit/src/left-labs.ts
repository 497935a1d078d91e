import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietly, removeHost } from './network-namespaces.ts';

/** Namespaces are the machine's, so what is known of them is too, wherever a run has its temporary files. */
const RECORDS = '/run/slipway-labs';

/** Hosts that a process started: the names of their parts, and their files. */
interface Lab {
  /** That of the bridge, and the beginning of the names of all other parts. */
  id: string;
  folder: string;
  count: number;
  /** The hosts are containers on a network of the engine; otherwise they are network namespaces. */
  isOfContainers?: boolean;
}

/** Writes down whose the hosts are, before there are any. Returns the file that says so until they are removed. */
export function recordLab(lab: Lab): string {
  mkdirSync(RECORDS, { recursive: true });
  const file = join(RECORDS, lab.id);
  writeFileSync(`${file}.new`, JSON.stringify({ ...lab, owner: process.pid, since: startOf(process.pid) }));
  renameSync(`${file}.new`, file);
  return file;
}

/** Removes hosts whose owner is gone: it was killed, and couldn't do so itself. */
export function removeLeftLabs(): void {
  for (const name of namesIn(RECORDS)) {
    const file = join(RECORDS, name);
    const lab = read(file);
    if (name.endsWith('.new') || !lab || startOf(lab.owner) === lab.since) continue;
    if (lab.isOfContainers) removeContainers(lab.id, lab.count);
    else {
      for (let index = 0; index < lab.count; index += 1) removeHost(`${lab.id}n${index}`);
      quietly('ip', 'link', 'delete', lab.id);
    }
    rmSync(lab.folder, { recursive: true, force: true });
    rmSync(file, { force: true });
  }
}

/** Removes the hosts of a lab that are containers, with their network. Safe to repeat. */
export function removeContainers(id: string, count: number): void {
  for (let index = 0; index < count; index += 1) quietly('docker', 'rm', '--force', '--volumes', `${id}n${index}`);
  quietly('docker', 'network', 'rm', id);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // There were none yet.
  }
}

/** Undefined when somebody else removed it in between. */
function read(file: string): (Lab & { owner: number; since: string }) | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** When a process started (field 22 of `/proc/PID/stat`), since numbers are given out again; empty when it is gone. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
