import { type Address, resourceAddress, serviceAddress } from '../address.ts';
import { findReferences, type Reference, replaceReferences } from '../config/references.ts';
import { SlipwayError } from '../errors.ts';
import { holdsEncodedSecret } from '../journal/redactor.ts';
import type { JsonObject, JsonValue } from '../json.ts';

/** What can be said at plan time about a node's outputs. `complete`: there will be no others. */
interface Known {
  outputs: JsonObject;
  complete: boolean;
}

/** Outputs of nodes as far as a plan can know them: recorded ones, and those that follow from properties alone. */
export class KnownOutputs {
  readonly #known = new Map<Address, Known>();

  set(address: Address, outputs: JsonObject, complete: boolean): void {
    this.#known.set(address, { outputs, complete });
  }

  has(address: Address): boolean {
    return this.#known.has(address);
  }

  /**
   * Replaces every `${resource:}` and `${service:}` that is known; the others stay as they are. Throws
   * `output-unknown` for an output that a node is known not to have.
   */
  resolve<T extends JsonValue>(value: T, subject: Address): T {
    return replaceReferences(value, (reference) => {
      const address = addressOf(reference);
      const known = address && this.#known.get(address);
      if (!known) return undefined;
      const found = outputAt(known.outputs, reference.output);
      if (found === undefined && known.complete) throw outputUnknown(reference, known.outputs, subject);
      if (found !== undefined) refuseEncodedSecret(found, reference, subject);
      return found;
    }) as T;
  }
}

/** True when a value still waits for another node's output. */
export function isUnresolved(value: JsonValue): boolean {
  return findReferences(value).some((reference) => addressOf(reference) !== undefined);
}

/** What a record keeps of values as they were declared: nothing when they refer to no other node. */
export function declaredOf<T extends JsonValue>(values: T): { declared?: T } {
  return isUnresolved(values) ? { declared: values } : {};
}

/** The node that a reference points to, or undefined for secrets and variables. */
export function addressOf(reference: Reference): Address | undefined {
  if (reference.kind === 'resource') return resourceAddress(reference.name);
  if (reference.kind === 'service') return serviceAddress(reference.name);
  return undefined;
}

/** Follows a dotted path into outputs; undefined when there is nothing. */
export function outputAt(outputs: JsonObject, path: string | undefined): JsonValue | undefined {
  if (path === undefined) return outputs;
  if (Object.hasOwn(outputs, path)) return outputs[path];
  let found: JsonValue | undefined = outputs;
  for (const key of path.split('.')) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, key)) return undefined;
    found = (found as JsonObject)[key];
  }
  return found;
}

/** Throws `output-encoded-secret`: such an output is not kept, so what it was can't be handed on. */
export function refuseEncodedSecret(output: JsonValue, reference: Reference, subject: string): void {
  if (!holdsEncodedSecret(typeof output === 'string' ? output : JSON.stringify(output))) return;
  const name = `${reference.kind}:${reference.name}`;
  throw new SlipwayError(
    'output-encoded-secret',
    `The output ${reference.output} of ${name} holds a secret in an encoded form, which is never kept.`,
    {
      subject,
      hint: 'Let the resource print the secret as it is, or leave it out and make the encoded form where it is used.',
      details: { effect: 'none' },
    },
  );
}

export function outputUnknown(reference: Reference, outputs: JsonObject, subject: string): SlipwayError {
  const names = Object.keys(outputs);
  return new SlipwayError('output-unknown', `${reference.kind}:${reference.name} has no output ${reference.output}.`, {
    subject,
    hint: names.length > 0 ? `It has: ${names.join(', ')}.` : 'It has no outputs.',
    details: { effect: 'none' },
  });
}
