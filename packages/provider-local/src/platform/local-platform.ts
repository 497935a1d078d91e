import { mkdirSync } from 'node:fs';
import {
  baseEnvironment,
  type CallContext,
  type Platform,
  type PlatformCapabilities,
  type RevisionRequest,
  type Router,
  type RunningRevision,
  SlipwayError,
} from '@slipway/core/provider';
import { askAgent, callAgent } from '../agent/client.ts';
import { HOST } from '../agent/hosted-instance.ts';
import { dataDirectory } from '../agent/locations.ts';
import { checkPort } from './check-port.ts';
import { localRouter } from './local-router.ts';
import { probeRevision } from './probe-revision.ts';
import { readLogs } from './read-logs.ts';

const capabilities: PlatformCapabilities = {
  strategies: ['recreate', 'blue-green', 'rolling', 'canary'],
  staticSites: true,
  instantSwitchBack: true,
  instances: true,
  images: false,
  limits: false,
  volumes: false,
};

/**
 * Runs services as supervised processes of this machine, behind a router of their own. A background agent
 * holds both, so that they outlive the command; it is started when something is to be changed or may run.
 */
export const localPlatform: Platform & { router: Router } = {
  name: 'local',
  capabilities,
  router: localRouter,
  probe: probeRevision,
  logs: readLogs,

  async stage(context, request) {
    const { service, revision, slots, record, leaveRunning = false } = request;
    const instances = slots.length === 1 ? '1 instance' : `${slots.length} instances`;
    context.log(`makes sure of ${instances} of ${service} ${revision} on this machine`);
    return await callAgent(context, 'ensure-revision', {
      environment: context.environment,
      epoch: context.epoch,
      service,
      revision,
      spec: runSpec(request),
      env: request.env,
      secrets: request.secrets ?? [],
      slots: [...slots],
      leaveRunning,
      record,
    });
  },

  async retire(context, { service, revision }) {
    const { environment, epoch } = context;
    const { kind } = await callAgent(context, 'remove-revision', { environment, epoch, service, revision });
    context.log(kind === 'removed' ? `stopped ${service} ${revision}` : `${service} ${revision} is gone already`);
  },

  predict: (_service, { port }) => ({ url: `http://127.0.0.1:${port}`, port }),

  cost: () => 0,

  commandEnvironment({ stateDirectory, environment }, service) {
    const folder = dataDirectory(stateDirectory, { environment, service });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return { SLIPWAY_DATA_DIR: folder };
  },

  checkPort,

  async endpoints(context, { service, revisions }) {
    const found = (await askAgent(context, 'list', { environment: context.environment })) ?? [];
    return Object.fromEntries(
      revisions.map((revision) => {
        const status = found.find((one) => one.service === service && one.revision === revision);
        const endpoints = status?.parts.flatMap(({ slot, port }) => (port === null ? [] : { slot, host: HOST, port }));
        return [revision, endpoints ?? []];
      }),
    );
  },

  async recover(context, service) {
    return (await askAgent(context, 'records', { environment: context.environment, service })) ?? [];
  },

  async list(context) {
    return await listRevisions(context);
  },
};

async function listRevisions(context: CallContext): Promise<RunningRevision[]> {
  const found = (await askAgent(context, 'list', { environment: context.environment })) ?? [];
  // The agent knows its own routes alone.
  const isRouter = context.router === undefined || context.router.use === localRouter.name;
  return found.map(({ service, revision, state, instances, slots, preview, restarts, startedAt, pid, weight }) => ({
    service,
    revision,
    state,
    instances,
    preview,
    restarts,
    startedAt,
    ...(slots === undefined ? {} : { slots }),
    ...(pid === undefined ? {} : { pid }),
    ...(weight === undefined || !isRouter ? {} : { weight }),
  }));
}

function runSpec({ service, spec, artifact }: RevisionRequest) {
  const { path, run, static: site, stopGraceMs } = spec;
  if ((run === undefined) === (site === undefined)) {
    throw new SlipwayError('service-not-runnable', `${service} must have either a command to run or a static folder.`, {
      subject: `service:${service}`,
      hint: 'Give it `run` or `static`, not both.',
    });
  }
  const what = run === undefined ? { static: site as string } : { run };
  return { artifact, path, ...what, stopGraceMs, base: baseEnvironment() };
}
