/**
 * Loads configs in a plain Node, as people do: a test runner would import TypeScript in its own way.
 * Takes a JSON list of load options, prints a JSON list of outcomes; warnings go to stderr.
 */
import { text } from 'node:stream/consumers';
import { loadProject } from '../../src/config/load-project.ts';
import { SlipwayError } from '../../src/errors.ts';
import type { Request } from './load-natively.ts';
import { configRegistry } from './registry.ts';

async function outcomeOf({ timeoutMs, ...request }: Request): Promise<object> {
  const signal = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  try {
    return { project: await loadProject({ variables: {}, ...request, signal, registry: configRegistry() }) };
  } catch (error) {
    if (error instanceof SlipwayError) return { code: error.code, problems: error.details.problems };
    return { thrown: error instanceof Error ? `${error.name}: ${error.stack}` : String(error) };
  }
}

const requests: Request[] = JSON.parse(await text(process.stdin));
const outcomes: object[] = [];
for (const request of requests) outcomes.push(await outcomeOf(request));
await new Promise((resolve) => process.stdout.write(JSON.stringify(outcomes), resolve));
// A config that was given up may still keep the process busy.
process.exit();
