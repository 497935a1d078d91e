import type { CallContext, Platform } from './contract.ts';

/** Told no context, so there is nobody to report to; asked for thousands of nodes while planning. */
const PURE = new Set(['diff', 'predict', 'irreversible', 'estimate', 'cost']);

/**
 * The same adapter, with every call that takes a {@link CallContext} reporting to the context's `trace` how long
 * it took and what it threw. Adapters themselves stay naive.
 */
export function traced<T extends object>(name: string, adapter: T): T {
  return new Proxy(adapter, {
    get(target, key, receiver) {
      const member = Reflect.get(target, key, receiver) as unknown;
      if (typeof member !== 'function' || typeof key !== 'string') return member;
      if (PURE.has(key)) return member.bind(target) as unknown;
      return (...args: unknown[]) => {
        const trace = (args[0] as Partial<CallContext> | undefined)?.trace;
        if (typeof trace !== 'function') return Reflect.apply(member, target, args);
        return timed(`${name}.${key}`, trace, () => Reflect.apply(member, target, args) as unknown);
      };
    },
  });
}

/** A platform and, where it has one, its router. */
export function tracedPlatform(platform: Platform): Platform {
  if (!platform.router) return traced(platform.name, platform);
  const router = traced(`${platform.name}.router`, platform.router);
  return new Proxy(traced(platform.name, platform), {
    get: (target, key, receiver) => (key === 'router' ? router : (Reflect.get(target, key, receiver) as unknown)),
  });
}

function timed(call: string, trace: NonNullable<CallContext['trace']>, run: () => unknown): unknown {
  const since = performance.now();
  const report = (error?: unknown) => trace(call, Math.round(performance.now() - since), error);
  const result = run();
  if (!(result instanceof Promise)) return result;
  return result.then(
    (value: unknown) => {
      report();
      return value;
    },
    (error: unknown) => {
      report(error);
      throw error;
    },
  );
}
