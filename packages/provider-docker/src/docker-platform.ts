import type { CallContext, Platform, PlatformCapabilities } from '@slipway/core/provider';
import { connect, type Engine } from './engine/connect.ts';
import { dockerSchema } from './engine/options.ts';
import { engineError, told } from './errors.ts';
import { publishImage } from './image/image-of.ts';
import { retireRevision, stageRevision } from './instance/stage-revision.ts';
import { objectionsTo } from './objections.ts';
import { endpointsOf, listRevisions, recoverRevisions } from './observe/list-revisions.ts';
import { probeRevision } from './observe/probe-revision.ts';
import { readLogs } from './observe/read-logs.ts';

const capabilities: PlatformCapabilities = {
  strategies: ['recreate', 'blue-green', 'rolling', 'canary'],
  staticSites: false,
  instantSwitchBack: true,
  instances: true,
  images: true,
  limits: true,
  volumes: true,
};

/**
 * Runs services as labelled containers of a Docker engine, or of another that speaks its API. It has no router of its
 * own: the environment names one, which reaches the containers at the addresses that `endpoints` tells.
 */
export const dockerPlatform: Platform = {
  name: 'docker',
  capabilities,
  schema: dockerSchema,

  async publish(context, request) {
    await ask(context, `service:${request.service}`, (engine) => publishImage(context, engine, request));
  },

  stage: (context, request) =>
    ask(context, `service:${request.service}`, (engine) => stageRevision(context, engine, request)),

  probe: (context, target) =>
    ask(context, `service:${target.service}`, (engine) => probeRevision(context, engine, target)),

  endpoints: (context, query) => ask(context, `service:${query.service}`, (engine) => endpointsOf(engine, query)),

  retire: (context, target) =>
    ask(context, `service:${target.service}`, (engine) => retireRevision(context, engine, target)),

  list: (context) => ask(context, `environment:${context.environment}`, listRevisions),

  async *logs(context, query) {
    const engine = connect(context);
    try {
      yield* readLogs(context, engine, query);
    } catch (error) {
      // To be aborted is how following ends.
      if (!context.signal.aborted) throw engineError(error, engine, `service:${query.service}`);
    }
  },

  predict: (_service, { port }) => ({ port }),
  objections: objectionsTo,

  commandEnvironment(context) {
    const { host, place } = connect(context);
    return { DOCKER_HOST: host, SLIPWAY_DOCKER_NETWORK: place.network };
  },

  recover: (context, service) => ask(context, `service:${service}`, (engine) => recoverRevisions(engine, service)),
};

async function ask<T>(context: CallContext, subject: string, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = connect(context);
  return await told(context, engine, subject, () => work(engine));
}
