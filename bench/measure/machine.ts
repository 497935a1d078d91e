import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** Where figures were taken: they mean little without it. `load`: of the minute before, per core. */
export interface Machine {
  at: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  node: string;
  load: number;
}

export function describeMachine(): Machine {
  return {
    at: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    load: Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 100) / 100,
  };
}
