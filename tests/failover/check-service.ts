import type { EnvironmentStatus, ServiceRecord } from '@slipway/core';
import { sendLoad, waitUntil } from '@slipway/provider-testkit';
import { readRecorded } from '../crash/recorded.ts';
import { runSlipway, tellOf } from '../crash/slipway-process.ts';
import { Violation, violate } from '../crash/violation.ts';
import type { Ground } from './ground.ts';
import { ENVIRONMENT, INSTANCES, type Service } from './service.ts';

const REQUESTS = 30;
/** What was taken away may take so long until it is back: supervisors wait longer after each crash. */
const SETTLES_WITHIN_MS = 45_000;

/** Throws a `Violation` unless users are served by this version alone, and what is recorded is what is there. */
export async function checkService(service: Service, ground: Ground, version: string): Promise<void> {
  const { state, audit } = await readRecorded(service.directory, ENVIRONMENT);
  violate(audit.findings.length > 0, `The journal is not sound: ${JSON.stringify(audit.findings.slice(0, 3))}`);
  const record = state.get('service:web') as ServiceRecord | undefined;
  if (!record) throw new Violation('Nothing is recorded of web.');
  checkRecord(record, version);
  await settled('what runs is what is recorded', () => lookAtPlatform(service, record));
  await settled('users are served by it alone', () => lookFromOutside(service, version));
  const there = ground.instances(service.name, service.directory);
  const wanted = Object.values(record.revisions).reduce((sum, { slots = [0] }) => sum + slots.length, 0);
  violate(there.length !== wanted, `${wanted} instances are recorded, these are there: ${there.join(', ')}`);
}

function checkRecord({ revisions, weights, routes = [] }: ServiceRecord, version: string): void {
  const active = Object.values(revisions).filter(({ role }) => role === 'active');
  const told = JSON.stringify({ weights, routes, revisions: Object.values(revisions).map(tellRevision) });
  violate(active.length !== 1 || active[0]!.release.version !== version, `${version} is not the active one: ${told}`);
  const { id, slots = [0] } = active[0]!;
  violate(weights[id] !== 100 || Object.keys(weights).length !== 1, `It hasn't all the weight: ${told}`);
  violate(slots.length !== INSTANCES, `It hasn't all its instances: ${told}`);
  violate(routes.length > 0, `A route was left: ${told}`);
}

const tellRevision = ({ id, role, release, slots }: ServiceRecord['revisions'][string]) => ({
  id,
  role,
  version: release.version,
  slots,
});

/** True, or what is otherwise. */
async function lookAtPlatform({ directory }: Service, record: ServiceRecord): Promise<unknown> {
  const args = ['status', '--json', '-e', ENVIRONMENT];
  const ended = await runSlipway({ directory, args });
  if (ended.code !== 0) return tellOf(args, ended);
  const { services } = JSON.parse(ended.stdout) as EnvironmentStatus;
  const { running, weights } = services.find(({ name }) => name === 'web')!;
  const withWeight = Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight > 0));
  const there = Object.fromEntries(running.map(({ revision, slots = [0] }) => [revision, slots]));
  const wanted = Object.fromEntries(Object.values(record.revisions).map(({ id, slots = [0] }) => [id, slots]));
  const right =
    same(there, wanted) && same(withWeight, record.weights) && running.every(({ state }) => state === 'running');
  return right || { running, weights };
}

async function lookFromOutside({ url }: Service, version: string): Promise<unknown> {
  const { answered, errors, reasons, instances } = await sendLoad(url, REQUESTS);
  const right = answered[version] === REQUESTS && Object.keys(instances).length === INSTANCES;
  return (right && Object.keys(errors).length === 0) || { answered, errors, reasons, instances };
}

async function settled(what: string, look: () => Promise<unknown>): Promise<void> {
  try {
    await waitUntil(what, look, SETTLES_WITHIN_MS);
  } catch (error) {
    throw new Violation(error instanceof Error ? error.message : String(error));
  }
}

function same(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  const sorted = (of: Record<string, unknown>) =>
    JSON.stringify(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}
