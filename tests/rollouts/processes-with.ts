import { readdirSync, readFileSync } from 'node:fs';

/** Processes, this one aside, whose arguments or environment hold one of these texts: their pids with their arguments. */
export function processesWith(marks: readonly string[]): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    const args = read(`/proc/${pid}/cmdline`);
    const all = args + read(`/proc/${pid}/environ`);
    return marks.some((mark) => all.includes(mark)) ? [`${pid} ${args.replaceAll('\0', ' ').trim()}`] : [];
  });
}

/** Empty for a process that is gone, or has no arguments or environment any more. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
