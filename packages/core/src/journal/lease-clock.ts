import { readFileSync, readlinkSync } from 'node:fs';

/** What leases are counted in. */
export interface LeaseClock {
  /** Ms since 1970: what people read. May be set back and forth at any moment. */
  wall(): number;
  /** Ms since a moment that {@link boot} names. Never set; stands still while the machine sleeps. */
  steady(): number;
  /** Equal for processes that share `steady`. Null: nothing tells that, so the wall clock must do. */
  boot: string | null;
}

/**
 * This machine's clock. On Linux the steady one is CLOCK_MONOTONIC, shared by all processes of one boot and
 * one time namespace (clock_gettime(2), time_namespaces(7)); elsewhere there is only the wall clock.
 */
export function systemLeaseClock(): LeaseClock {
  return { wall: Date.now, steady: () => Number(process.hrtime.bigint() / 1_000_000n), boot: bootOf() };
}

/** A clock that a caller gives: nothing but the wall. */
export function wallClock(now: () => number): LeaseClock {
  return { wall: now, steady: () => 0, boot: null };
}

let boot: string | null | undefined;

function bootOf(): string | null {
  boot ??= process.platform === 'linux' ? linuxBoot() : null;
  return boot;
}

function linuxBoot(): string | null {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${timeNamespace()}`;
  } catch {
    return null;
  }
}

/** Kernels without time namespaces have one time for all. */
function timeNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/time');
  } catch {
    return '';
  }
}
