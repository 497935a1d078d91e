import { SlipwayError } from '@slipway/core/provider';
import { endedMeanwhile } from '../errors.ts';
import { info } from './tables.ts';

/**
 * Tells a running HAProxy something, in several lines. What is refused by one that ended in between and came back with
 * what its config says is no refusal of what was told: throws `haproxy-ended` instead, which passes when it is told again.
 */
export async function tellingOne<T>(socket: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { Pid } = await info(socket, signal);
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SlipwayError && error.code === 'haproxy-refused')) throw error;
    const now = await info(socket, signal).catch(() => undefined);
    throw now?.Pid === Pid ? error : endedMeanwhile(socket, error);
  }
}
