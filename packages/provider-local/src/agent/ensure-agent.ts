import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { baseEnvironment, isAlive, SlipwayError } from '@slipway/core/provider';
import { addressFile, agentDirectory, agentLogFile } from './locations.ts';
import type { AgentAddress } from './protocol.ts';
import { ConnectionLost, requestAgent } from './request.ts';

const START_WITHIN_MS = 10_000;
const HELLO_WITHIN_MS = 2_000;
/** An agent that ended may have found the place taken. When no other answers by then, one is started again. */
const START_AGAIN_MS = 300;
const HINT_LINES = 5;
const LOG_LIMIT_BYTES = 1024 * 1024;

/** The agent that answers now, or undefined. Starts none. */
export async function findAgent(state: string, signal: AbortSignal): Promise<AgentAddress | undefined> {
  const address = await readAddress(state);
  if (!address) return undefined;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(HELLO_WITHIN_MS)]);
  try {
    // An agent that has just started may answer at the address of the one before it.
    const { pid, start } = await requestAgent(address.socket, 'hello', {}, limit);
    return { ...address, pid, start };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConnectionLost || limit.aborted) return undefined;
    throw error;
  }
}

/**
 * Connects to the state directory's agent, starting it when none answers. Safe to call from several
 * processes at once: one agent results. Throws `agent-unavailable` after 10 s.
 */
export async function ensureAgent(state: string, signal: AbortSignal): Promise<AgentAddress> {
  const there = await findAgent(state, signal);
  if (there) return there;
  mkdirSync(agentDirectory(state), { recursive: true, mode: 0o700 });
  const logStart = boundLog(agentLogFile(state));
  const deadline = Date.now() + START_WITHIN_MS;
  let started = startAgent(state);
  let endedAt: number | undefined;
  for (;;) {
    await sleep(20, undefined, { signal });
    const found = await findAgent(state, signal);
    if (found) return found;
    const failed = started.exitCode !== null && started.exitCode !== 0;
    if (failed || Date.now() > deadline) throw await unavailable(state, logStart);
    // The place was taken, or someone ended it.
    if (started.exitCode === 0 || started.signalCode !== null) endedAt ??= Date.now();
    if (endedAt !== undefined && Date.now() - endedAt > START_AGAIN_MS) {
      started = startAgent(state);
      endedAt = undefined;
    }
  }
}

/** Detached, with an environment free of what this process was given. */
function startAgent(state: string): ChildProcess {
  // The same module tree that this code runs from: sources by type stripping, or what was built of them.
  const own = fileURLToPath(import.meta.url);
  const source = extname(own) === '.ts';
  const main = fileURLToPath(new URL(source ? './main.ts' : './main.js', import.meta.url));
  const log = openSync(agentLogFile(state), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [...(source ? ['-C', 'slipway-source'] : []), main, '--state', state], {
      cwd: state,
      env: baseEnvironment(),
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.on('error', () => {}); // Its failure shows as nobody answering.
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

async function readAddress(state: string): Promise<AgentAddress | undefined> {
  try {
    return JSON.parse(await readFile(addressFile(state), 'utf8')) as AgentAddress;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Returns where what comes next will begin. */
function boundLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= LOG_LIMIT_BYTES) return size;
  renameSync(file, `${file}.1`);
  return 0;
}

async function unavailable(state: string, logStart: number): Promise<SlipwayError> {
  const address = await readAddress(state);
  if (address && isAlive(address.pid, address.start)) {
    return new SlipwayError('agent-unavailable', `The background agent (process ${address.pid}) does not answer.`, {
      subject: 'agent',
      hint: `End it with \`kill -KILL ${address.pid}\` and repeat: its services go on and are taken back.`,
      retryable: true,
    });
  }
  const log = readFileSync(agentLogFile(state)).subarray(logStart).toString('utf8').trim();
  const last = log === '' ? 'It wrote nothing.' : log.split('\n').slice(-HINT_LINES).join('\n');
  return new SlipwayError('agent-unavailable', `The background agent of ${state} did not start.`, {
    subject: 'agent',
    hint: `The end of ${agentLogFile(state)}:\n${last}`,
    retryable: true,
  });
}
