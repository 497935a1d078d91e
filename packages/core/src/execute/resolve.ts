import type { Address } from '../address.ts';
import { escapeReferences, replaceReferences, unescapeReferences } from '../config/references.ts';
import { SlipwayError } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import { addressOf, outputAt, outputUnknown, refuseEncodedSecret } from '../plan/known-outputs.ts';
import type { StateRecord } from '../state/record.ts';

export interface ResolveSources {
  record: (address: Address) => StateRecord | undefined;
  /** The secret in clear; throws `secret-missing`. */
  secret: (name: string) => string;
}

/**
 * Replaces references while a plan runs. For the record, `${secret:}` and escapes stay; for a call, secrets
 * are put in and escapes taken off. Throws `output-missing`, `output-unknown`,
 * `output-encoded-secret`, `secret-missing`, all of them
 * before any effect.
 */
export function resolveReferences<T extends JsonValue>(value: T, forRecord: boolean, sources: ResolveSources): T {
  const withOutputs = replaceReferences(value, (reference) => {
    const address = addressOf(reference);
    if (!address) return undefined;
    const record = sources.record(address);
    if (!record) throw outputMissing(address, reference.output);
    const found = outputAt(record.outputs, reference.output);
    if (found === undefined) throw outputUnknown(reference, record.outputs, address);
    refuseEncodedSecret(found, reference, address);
    return found;
  });
  if (forRecord) return withOutputs as T;
  // Outputs may themselves name a secret: that is how the journal keeps a secret that a provider returned.
  const withSecrets = replaceReferences(withOutputs, (reference) =>
    reference.kind === 'secret' ? escapeReferences(sources.secret(reference.name)) : undefined,
  );
  return unescapeReferences(withSecrets) as T;
}

function outputMissing(address: Address, output: string | undefined): SlipwayError {
  return new SlipwayError(
    'output-missing',
    `The output ${output} of ${address} is needed, but ${address} doesn't exist.`,
    {
      subject: address,
      hint: `Deploy ${address} first, or include it in the selection.`,
      details: { effect: 'none' },
    },
  );
}
