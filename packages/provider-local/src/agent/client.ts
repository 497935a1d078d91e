import { existsSync } from 'node:fs';
import { SlipwayError } from '@slipway/core/provider';
import { ensureAgent, findAgent } from './ensure-agent.ts';
import { atRestFile, storeFile } from './locations.ts';
import type { OperationName, RequestOf, ResponseOf } from './protocol.ts';
import { ConnectionLost, requestAgent } from './request.ts';

/** An agent may die as often during one call before that is given up. */
const ATTEMPTS = 4;

/** Looking takes no longer than that, the start of an agent included. */
const ANSWER_WITHIN_MS = 15_000;

/** What a client needs to know of the call that it serves. */
export interface Caller {
  stateDirectory: string;
  signal: AbortSignal;
}

/** The sockets on which agents answered last, by state directory. */
const known = new Map<string, string>();

/**
 * Has the agent do it, starting the agent when none runs. An agent that dies meanwhile is started
 * again and asked again, which every operation allows. Throws the agent's error, or `agent-unavailable`.
 */
export async function callAgent<K extends OperationName>(
  { stateDirectory, signal }: Caller,
  name: K,
  request: RequestOf<K>,
): Promise<ResponseOf<K>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const socket = known.get(stateDirectory) ?? (await ensureAgent(stateDirectory, signal)).socket;
      known.set(stateDirectory, socket);
      return await requestAgent(socket, name, request, signal);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      known.delete(stateDirectory);
      if (attempt < ATTEMPTS) continue;
      throw new SlipwayError('agent-unavailable', `The background agent of ${stateDirectory} keeps ending.`, {
        subject: 'agent',
        hint: 'Its log is in the state directory: agent/agent.log.',
        retryable: true,
        cause: error,
      });
    }
  }
}

/** Like {@link callAgent}, for looking: undefined, and no agent started, when the last one left nothing running. */
export async function askAgent<K extends OperationName>(
  caller: Caller,
  name: K,
  request: RequestOf<K>,
): Promise<ResponseOf<K> | undefined> {
  const { stateDirectory } = caller;
  if (!(await mayHost(caller))) return undefined;
  const limit = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    return await callAgent({ stateDirectory, signal: AbortSignal.any([caller.signal, limit]) }, name, request);
  } catch (error) {
    if (limit.aborted && !caller.signal.aborted) throw new ConnectionLost(error);
    throw error;
  }
}

/** False: the last agent left nothing running, or there never was one. */
export async function mayHost({ stateDirectory, signal }: Caller): Promise<boolean> {
  if (existsSync(storeFile(stateDirectory)) && !existsSync(atRestFile(stateDirectory))) return true;
  return (await findAgent(stateDirectory, signal)) !== undefined;
}
