import type { Address } from '../../address.ts';
import { type Finding, quote } from '../problem.ts';
import type { ResourceDeclaration, ServiceDeclaration } from '../project.ts';

/**
 * Services that move together must be able to: by the same kind of strategy, without one that stops before it starts,
 * and without anything between them that can only come when one of them is there and the other isn't yet.
 */
export function checkLockstep(
  services: readonly ServiceDeclaration[],
  resources: readonly ResourceDeclaration[],
  findings: Finding[],
): void {
  const grouped = services.filter(({ lockstep }) => lockstep !== undefined);
  const dependsOn = new Map<Address, readonly Address[]>();
  if (grouped.length > 0) for (const node of [...services, ...resources]) dependsOn.set(node.address, node.dependsOn);
  for (const [group, members] of Map.groupBy(grouped, ({ lockstep }) => lockstep!)) {
    checkKinds(group, members, findings);
    checkBetween(group, members, dependsOn, findings);
  }
}

function checkKinds(group: string, members: readonly ServiceDeclaration[], findings: Finding[]): void {
  const [first] = members;
  for (const { name, spec } of members) {
    const path = ['services', name, 'strategy'];
    const { kind } = spec.strategy;
    if (kind === 'recreate') {
      const hint = 'use blue-green, rolling or canary, or leave lockstep out';
      findings.push({ path, message: 'recreate stops before it starts, so it can not move in lockstep', hint });
    } else if (kind !== first!.spec.strategy.kind) {
      findings.push({
        path,
        message: `${kind} can not move in lockstep with ${first!.spec.strategy.kind}, the strategy of ${first!.name}`,
        hint: `give all services of the group ${quote(group)} the same kind of strategy`,
      });
    }
  }
}

/** A member that another one reaches only through something outside of the group. */
function checkBetween(
  group: string,
  members: readonly ServiceDeclaration[],
  dependsOn: ReadonlyMap<Address, readonly Address[]>,
  findings: Finding[],
): void {
  const inGroup = new Set<Address>(members.map(({ address }) => address));
  const needed = (address: Address): boolean =>
    inGroup.has(address) || (dependsOn.get(address) ?? []).some((one) => reaches(one, needed, seen));
  let seen = new Set<Address>();
  for (const { name, dependsOn: needs } of members) {
    for (const between of needs) {
      if (inGroup.has(between)) continue;
      seen = new Set();
      if (!reaches(between, needed, seen)) continue;
      findings.push({
        path: ['services', name, 'dependsOn'],
        message: `needs ${between}, which needs a service of the same lockstep group`,
        hint: `put ${between} into the group ${quote(group)} too, or one of the services out of it`,
      });
    }
  }
}

function reaches(address: Address, needed: (address: Address) => boolean, seen: Set<Address>): boolean {
  if (seen.has(address)) return false;
  seen.add(address);
  return needed(address);
}
