import type { CallContext } from '@slipway/core/provider';
import { haproxyRouter } from '../src/haproxy-router.ts';

/** A process of its own that looks at the weights of `shop`: `node look-alone.ts CONTEXT`, which is JSON. */
const context = JSON.parse(process.argv[2] ?? '{}') as Omit<CallContext, 'signal' | 'log'>;
const looking = { ...context, signal: AbortSignal.timeout(30_000), log: () => {} };
process.stdout.write(JSON.stringify(await haproxyRouter.weights(looking, 'shop')));
