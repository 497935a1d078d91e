import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface HaproxyProcesses {
  keepers: number[];
  masters: number[];
  workers: number[];
}

interface Found {
  pid: number;
  parent: number;
  group: number;
  isShell: boolean;
}

/** What runs of a HAProxy that Slipway started in this folder. Reads /proc. */
export function processesIn(folder: string): HaproxyProcesses {
  const all = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => lookAt(Number(pid), folder) ?? []);
  const haproxies = all.filter(({ isShell }) => !isShell);
  const masters = haproxies.filter(({ parent }) => !haproxies.some(({ pid }) => pid === parent));
  const idsOf = (some: readonly Found[]) => some.map(({ pid }) => pid);
  return {
    // What a keeper has beside it is of its group.
    keepers: idsOf(all.filter(({ isShell, pid, group }) => isShell && pid === group)),
    masters: idsOf(masters),
    workers: idsOf(haproxies.filter((one) => !masters.includes(one))),
  };
}

function lookAt(pid: number, folder: string): Found | undefined {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`).replace(' (deleted)', '') !== folder) return undefined;
    const [program = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (program !== '/bin/sh' && program !== 'haproxy') return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), group: Number(group), isShell: program === '/bin/sh' };
  } catch {
    return undefined; // Gone in between, or a zombie.
  }
}
