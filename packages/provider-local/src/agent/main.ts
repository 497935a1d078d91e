import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Agent } from './agent.ts';
import { AgentServer } from './agent-server.ts';
import { AgentStore } from './agent-store.ts';
import { readKey } from './key.ts';
import { addressFile } from './locations.ts';
import { findProcess } from './process-table.ts';
import { AGENT_PROTOCOL, type AgentAddress } from './protocol.ts';
import { EnvSeal } from './sealed-env.ts';

/**
 * The agent's process: `main.ts --state DIR [--idle-ms N]`. Ends at once, with 0, when another agent holds
 * the state directory. SIGTERM hands over: it ends, its services go on, the next agent takes them back.
 */
const { values } = parseArgs({ options: { state: { type: 'string' }, 'idle-ms': { type: 'string' } } });
if (values.state === undefined) throw new Error('--state names the state directory.');
const state = values.state;
const idleMs = Number(values['idle-ms'] ?? 600_000);

const log = (line: string) => process.stderr.write(`${new Date().toISOString()} [${process.pid}] ${line}\n`);

const store = AgentStore.open(state);
if (!store) process.exit(0);

const agent = new Agent({ state, store, seal: new EnvSeal(await readKey(state)), log });
const server = new AgentServer({ handlers: agent.handlers, stopped: () => end('stopped'), log });

function end(why: string): never {
  log(`ends: ${why}`);
  server.close();
  agent.close();
  process.exit(0);
}

process.on('SIGTERM', () => end('handed over; services go on'));
process.on('SIGINT', () => end('handed over; services go on'));
process.on('SIGHUP', () => {});

await agent.restore();
const socket = await server.listen(state);
const address: AgentAddress = {
  protocol: AGENT_PROTOCOL,
  pid: process.pid,
  start: findProcess(process.pid)?.start ?? '',
  socket,
};
writeFileSync(`${addressFile(state)}.new`, JSON.stringify(address), { mode: 0o600 });
renameSync(`${addressFile(state)}.new`, addressFile(state));
log(`listens on ${socket}`);

setInterval(
  () => {
    if (!agent.isIdle || server.isBusy || Date.now() - server.lastUsed < idleMs) return;
    agent.markAtRest();
    end('nothing to host');
  },
  Math.min(idleMs, 60_000),
);
