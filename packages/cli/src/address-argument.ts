import type { Address } from '@slipway/core';

/** An address as typed, or a usage error that says how one is written. */
export async function readAddress(text: string): Promise<Address> {
  const { isAddress, SlipwayError } = await import('@slipway/core');
  if (isAddress(text)) return text;
  throw new SlipwayError('usage', `${text} is not an address.`, {
    subject: text,
    hint: 'Write resource:NAME or service:NAME; slipway state list shows those that are recorded.',
  });
}
