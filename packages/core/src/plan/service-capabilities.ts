import type { Analysis, Environment, ServiceDeclaration, StrategyDeclaration } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { Platform, Router, RouterCapabilities } from '../provider/contract.ts';
import { strategyFor } from '../strategies/strategies.ts';
import { wantedInstances } from './wanted-instances.ts';

/** Something that is asked for and can't be had, and the way out. */
export interface Missing {
  subject: string;
  what: string;
  hint: string;
}

type Complaint = Omit<Missing, 'subject'>;

/**
 * What a service asks for that its platform or router can't do; `router` is undefined where there is none to ask, `files`
 * (those of the source, by path) where the release isn't made of them.
 */
export function missingOfService(
  service: ServiceDeclaration,
  platform: Platform,
  router: Router | undefined,
  environment: Environment,
  files?: ReadonlySet<string>,
): Missing[] {
  const { name, platform: options } = environment;
  const complaints = [
    ...strategyComplaints(service, platform),
    ...platformComplaints(service, platform, environment),
    ...(platform.objections?.(service, { environment: name, options, ...(files ? { files } : {}) }) ?? []),
    ...(router ? routerComplaints(service, router, platform, environment) : []),
  ];
  return complaints.map((complaint) => ({ subject: service.address, ...complaint }));
}

function strategyComplaints(service: ServiceDeclaration, platform: Platform): Complaint[] {
  try {
    strategyFor(service, platform);
    return [];
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return [{ what: error.message, hint: error.hint ?? '' }];
  }
}

function platformComplaints(
  { name, spec }: ServiceDeclaration,
  platform: Platform,
  environment: Environment,
): Complaint[] {
  const { capabilities } = platform;
  const wanted = wantedInstances(spec, platform, environment);
  const most = platform.instances?.(environment.platform).most ?? Number.POSITIVE_INFINITY;
  const key = `services.${name}`;
  const complaints: (Complaint & { if: boolean })[] = [
    {
      if: spec.static !== undefined && !capabilities.staticSites,
      what: `platform ${platform.name} serves no static sites.`,
      hint: 'Declare a run command that serves the folder.',
    },
    {
      if: spec.image !== undefined && !capabilities.images,
      what: `platform ${platform.name} runs no images.`,
      hint: `Declare ${key}.path and run instead of image, or use a platform that does, for example docker.`,
    },
    {
      if: spec.dockerfile !== undefined && !capabilities.images,
      what: `platform ${platform.name} builds no Dockerfile.`,
      hint: `Declare ${key}.build and run instead, or use a platform that does, for example docker.`,
    },
    {
      if: spec.limits !== undefined && !capabilities.limits,
      what: `platform ${platform.name} can't hold a process to limits.`,
      hint: `Leave ${key}.limits out here (environments.${environment.name}.services.${name}.limits: null).`,
    },
    {
      if: (spec.volumes ?? []).length > 0 && !capabilities.volumes,
      what: `platform ${platform.name} has no volumes.`,
      hint: `Leave ${key}.volumes out here, and keep data in SLIPWAY_DATA_DIR.`,
    },
    {
      if: keepsOld(spec.strategy) && !capabilities.instantSwitchBack,
      what: `platform ${platform.name} can't keep what was replaced for an instant way back.`,
      hint: `Set ${key}.strategy.${spec.strategy.kind}.keepOld to false.`,
    },
    {
      if: wanted > 1 && !capabilities.instances,
      what: `platform ${platform.name} runs one instance of a service, not ${wanted}.`,
      hint: `Set ${key}.instances to 1 here (environments.${environment.name}.services.${name}.instances).`,
    },
    {
      if: wanted > most,
      what: `platform ${platform.name} has room for ${most} instances here, not ${wanted}.`,
      hint: `Set ${key}.instances to ${most} or less, or give the environment more hosts.`,
    },
  ];
  return complaints.filter((one) => one.if).map(({ what, hint }) => ({ what, hint }));
}

function routerComplaints(
  { name, spec }: ServiceDeclaration,
  router: Router,
  platform: Platform,
  environment: Environment,
): Complaint[] {
  const lacking = new Set(router.lacks?.(environment.router ?? {}));
  const can = (what: keyof RouterCapabilities) => router.capabilities[what] && !lacking.has(what);
  const wanted = asks(spec.strategy, wantedInstances(spec, platform, environment));
  const strategy = `services.${name}.strategy`;
  const missing = (what: keyof RouterCapabilities) => wanted.has(what) && !can(what);
  const complaints: (Complaint & { if: boolean })[] = [
    {
      if: missing('weights'),
      what: `router ${router.name} can't split traffic by weight, as ${spec.strategy.kind} does.`,
      hint: `Use another router (environments.NAME.router), or ${strategy}: blue-green without gradual.`,
    },
    {
      if: missing('headers'),
      what: `router ${router.name} can't route by header.`,
      hint: `Leave header out of ${strategy}.canary.steps, or use another router.`,
    },
    {
      if: missing('cookies'),
      what: `router ${router.name} can't route by cookie.`,
      hint: `Leave cookie out of ${strategy}.canary.steps, or use another router.`,
    },
    {
      if: missing('previewPort'),
      what: `router ${router.name} has no port of its own for a revision without traffic.`,
      hint: `Leave ${strategy}.blue-green.previewPort out, or use another router.`,
    },
    {
      if: missing('latency'),
      what: `router ${router.name} doesn't measure how long requests take.`,
      hint: `Ask another metric source in ${strategy}, for example prometheus, or use errorRate.`,
    },
    {
      if: spec.affinity !== undefined && !can('affinity'),
      what: `router ${router.name} can't keep a user with one instance.`,
      hint: `Leave services.${name}.affinity out, or use another router.`,
    },
  ];
  return complaints.filter((one) => one.if).map(({ what, hint }) => ({ what, hint }));
}

function keepsOld(strategy: StrategyDeclaration): boolean {
  return (strategy.kind === 'blue-green' || strategy.kind === 'canary') && strategy.keepOld !== false;
}

/** What of a router a strategy makes use of. */
function asks(strategy: StrategyDeclaration, instances: number): Set<keyof RouterCapabilities> {
  const wanted = new Set<keyof RouterCapabilities>();
  if (strategy.kind === 'rolling' && instances > 1) wanted.add('weights');
  if (strategy.kind === 'blue-green') {
    if (strategy.gradual) wanted.add('weights');
    if (strategy.previewPort !== undefined) wanted.add('previewPort');
  }
  for (const step of strategy.kind === 'canary' ? strategy.steps : []) {
    if (step.weight !== undefined && step.weight > 0 && step.weight < 100) wanted.add('weights');
    if (step.header) wanted.add('headers');
    if (step.cookie) wanted.add('cookies');
  }
  const metrics = analysesOf(strategy).flatMap((analysis) => analysis.metrics);
  if (metrics.some(({ source, query }) => source === 'router' && query.startsWith('latency'))) wanted.add('latency');
  return wanted;
}

function analysesOf(strategy: StrategyDeclaration): Analysis[] {
  if (strategy.kind === 'recreate') return [];
  if (strategy.kind === 'blue-green') return [strategy.before, strategy.after].filter((one) => one !== undefined);
  const steps = strategy.kind === 'canary' ? strategy.steps.flatMap(({ analysis }) => analysis ?? []) : [];
  return strategy.analysis ? [strategy.analysis, ...steps] : steps;
}
