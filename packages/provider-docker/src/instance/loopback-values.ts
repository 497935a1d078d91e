const LOOPBACK = /(^|[/@,\s])(localhost|127\.0\.0\.1|\[::1\]):\d+/i;

/** Names of the variables that lead to the loopback, which in a container is the container itself; values may be secret. */
export function loopbackValues(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (LOOPBACK.test(value) ? [name] : []));
}
