import { SlipwayError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { adaptersOf, lookingContext } from './call-context.ts';
import { lookAtPorts, type TakenPort, type WantedPort } from './look-at-ports.ts';
import type { Workspace } from './workspace.ts';

/**
 * Makes sure that nobody else has a port on which a deployment will open a route, before it builds, migrates or
 * starts anything: found at the switch, all of that would have to be taken back. Throws `port-in-use`, with all of
 * them. Ways back are not refused: they bring back what they can.
 */
export async function requirePorts(workspace: Workspace, plan: Plan): Promise<void> {
  if (plan.kind !== 'deploy') return;
  const byPlatform = wantedPorts(plan);
  if (byPlatform.size === 0) return;
  await workspace.registry.load([...byPlatform.keys(), ...adaptersOf(plan.runtime)]);
  const context = await lookingContext(workspace, plan.environment, plan.runtime);
  const taken: TakenPort[] = [];
  for (const [name, wanted] of byPlatform) {
    const platform = workspace.registry.platform(name);
    if (!platform) continue;
    const router = workspace.registry.routerFor(platform, plan.runtime.router?.use);
    taken.push(...(await lookAtPorts(workspace, { platform, router }, context, wanted)));
  }
  if (taken.length > 0) throw portsInUse(taken);
}

/** Where the plan's switches open routes, by platform. */
function wantedPorts({ steps }: Plan): Map<string, WantedPort[]> {
  const ports = new Map<string, number>();
  for (const step of steps) {
    if (step.action === 'stage') ports.set(`${step.subject} ${step.input.revision.id}`, step.input.revision.spec.port);
  }
  const wanted = new Map<string, WantedPort[]>();
  for (const { action, input, subject: address, type } of steps) {
    if (action !== 'switch') continue;
    const staged = Object.keys(input.weights).find((revision) => ports.has(`${address} ${revision}`));
    if (staged === undefined) continue;
    const those = wanted.get(type) ?? [];
    those.push({ address, port: ports.get(`${address} ${staged}`)! });
    wanted.set(type, those);
  }
  return wanted;
}

function portsInUse(taken: readonly TakenPort[]): SlipwayError {
  const [first] = taken as [TakenPort];
  const lines = taken.map(({ address, port, holder }) => {
    return `Port ${port}, which ${address} is to have, is taken by ${holder ?? 'another process'}.`;
  });
  const look = taken.some(({ holder }) => holder === null)
    ? ` Who has it: \`ss -ltnp 'sport = :${first.port}'\` (Linux) or \`lsof -nP -iTCP:${first.port} -sTCP:LISTEN\`.`
    : '';
  return new SlipwayError('port-in-use', lines.join('\n'), {
    subject: first.address,
    hint: `Nothing was begun. End what has the port, or give the service another one in the config, then deploy again; the rest alone: --only.${look}`,
    details: { ports: taken },
  });
}
