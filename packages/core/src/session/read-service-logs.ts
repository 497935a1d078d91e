import { serviceAddress } from '../address.ts';
import { findReferences } from '../config/references.ts';
import { SlipwayError } from '../errors.ts';
import type { LogLine } from '../provider/contract.ts';
import type { ServiceRecord } from '../state/record.ts';
import { lookingContext } from './call-context.ts';
import { recordedRuntime } from './recorded-runtime.ts';
import type { Workspace } from './workspace.ts';

/**
 * What a service says, without the secrets that it was given, as far as they still have the value that they had.
 * Throws `service-unknown`.
 */
export async function* readServiceLogs(
  workspace: Workspace,
  service: string,
  options: { lines?: number; follow?: boolean; signal?: AbortSignal },
): AsyncIterable<LogLine> {
  const { store, registry, redactor } = workspace;
  const environment = await workspace.environment();
  const record = await store.record(environment, serviceAddress(service));
  if (record?.kind !== 'service') {
    throw new SlipwayError('service-unknown', `No service ${service} is deployed to ${environment}.`, {
      subject: service,
      hint: 'See slipway status.',
    });
  }
  await registry.load([record.platform]);
  const runtime = await recordedRuntime(workspace, environment);
  const secrets = await workspace.secrets(runtime);
  for (const name of secretsOf(record)) if (secrets.has(name)) workspace.clearSecret(secrets, name);
  const signal = options.signal ?? new AbortController().signal;
  const context = await lookingContext(workspace, environment, runtime, signal);
  const platform = registry.requirePlatform(record.platform, record.address);
  const query = { service, lines: options.lines ?? 100, follow: options.follow ?? false };
  for await (const line of platform.logs(context, query)) yield { ...line, text: redactor.text(line.text) };
}

/** The names of the secrets that its revisions were given. */
function secretsOf({ revisions }: ServiceRecord): Set<string> {
  const references = Object.values(revisions).flatMap(({ spec }) => findReferences(spec.env));
  return new Set(references.filter(({ kind }) => kind === 'secret').map(({ name }) => name));
}
