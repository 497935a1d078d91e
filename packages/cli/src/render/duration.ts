/** A span of time for people: `40ms`, `0.4s`, `12s`, `3m 05s`, `2h 05m`. Takes milliseconds. */
export function formatDuration(ms: number): string {
  if (ms < 99.5) return `${Math.round(Math.max(0, ms))}ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

/** An estimate for people: like a duration, marked as uncertain. */
export function formatEstimate(ms: number): string {
  return `~${formatDuration(ms)}`;
}

/** The local time of day, for lines in a log: `14:03:59`. */
export function formatClock(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A moment for people, in local time: `2026-11-22 14:03:59`. Takes ISO 8601. */
export function formatMoment(iso: string): string {
  const date = new Date(iso);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${formatClock(date.getTime())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
