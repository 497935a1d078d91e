/** `resource:NAME` or `service:NAME`: how plans, state and people name a node. */
export type Address = `resource:${string}` | `service:${string}`;

export const resourceAddress = (name: string): Address => `resource:${name}`;
export const serviceAddress = (name: string): Address => `service:${name}`;

/** The name behind the kind: `backend` of `service:backend`. */
export function nameOf(address: Address): string {
  return address.slice(address.indexOf(':') + 1);
}

export function isAddress(text: string): text is Address {
  return /^(resource|service):[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text);
}
