import { renameSync, statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeError, readKey } from '@slipway/core/provider';
import { Agent } from './agent.ts';
import { AgentServer } from './agent-server.ts';
import { AgentStore } from './agent-store.ts';
import { addressFile, storeFile } from './locations.ts';
import type { AgentAddress } from './protocol.ts';
import { EnvSeal } from './sealed-env.ts';
import { Watch } from './watch.ts';

/** Without services and routes for that long, an agent ends. */
const IDLE_MS = 600_000;
/** How often it looks whether its state directory is still there. */
const LOOK_EVERY_MS = 2_000;

/**
 * The agent's process: `main.ts --state DIR [--idle-ms N] [--revived N]`. Ends at once, with 0, when another agent holds
 * the state directory. SIGTERM hands over: it ends, its services go on, the next agent takes them back.
 * After a crash a watch over it starts the next agent by itself.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { state: { type: 'string' }, 'idle-ms': { type: 'string' }, revived: { type: 'string', default: '0' } },
  });
  if (values.state === undefined) throw new Error('--state must name the state directory.');
  const { state } = values;
  const store = AgentStore.open(state);
  if (!store) return;

  const agent = new Agent({ state, store, seal: new EnvSeal(await readKey(state)), log });
  const server = new AgentServer({ handlers: agent.handlers, stopped: () => end('stopped'), log });
  // Before anything answers: whoever is killed from then on comes back.
  const watch = new Watch({ state, revived: Number(values.revived), command: ownCommand(state) });
  const end = (why: string) => {
    log(`ends: ${why}`);
    watch.dismiss();
    server.close();
    agent.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => end(`${signal}, hands over; services go on`));
  }
  process.on('SIGHUP', () => {});

  try {
    await agent.restore();
    const socket = await server.listen(state);
    publish(state, { pid: process.pid, start: agent.start, socket });
    log(`listens on ${socket}`);
  } catch (error) {
    // What can't even start would be started for ever.
    watch.dismiss();
    throw error;
  }
  endWhenIdle(agent, server, Number(values['idle-ms'] ?? IDLE_MS), end);
  endWhenUnreachable(state, agent, end);
}

/** Whose state directory was removed or moved can't be spoken to: its services would hold their ports for ever. */
function endWhenUnreachable(state: string, agent: Agent, end: (why: string) => void): void {
  const inode = () => statSync(storeFile(state), { throwIfNoEntry: false })?.ino;
  const own = inode();
  const timer = setInterval(() => {
    if (inode() === own) return;
    clearInterval(timer);
    void agent.abandon().finally(() => end('its state directory is gone, and its services with it'));
  }, LOOK_EVERY_MS);
}

/** What starts an agent like this one. */
function ownCommand(state: string): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1] as string, '--state', state];
}

function endWhenIdle(agent: Agent, server: AgentServer, idleMs: number, end: (why: string) => void): void {
  const look = () => {
    if (!agent.isIdle || server.isBusy || Date.now() - server.lastUsed < idleMs) return;
    agent.markAtRest();
    end('nothing to host');
  };
  setInterval(look, Math.min(idleMs, 60_000));
}

function publish(state: string, address: AgentAddress): void {
  const draft = `${addressFile(state)}.new`;
  writeFileSync(draft, JSON.stringify(address), { mode: 0o600 });
  renameSync(draft, addressFile(state));
}

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} [${process.pid}] ${line}\n`);
}

main().catch((error: unknown) => {
  const { message, hint } = describeError(error);
  log(`can't start: ${message}${hint === undefined ? '' : ` ${hint}`}`);
  if (!(error instanceof Error && 'hint' in error)) log(String((error as Error).stack));
  process.exit(1);
});
