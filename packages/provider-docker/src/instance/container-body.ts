import { canonicalJson, type RevisionRequest, sha256 } from '@slipway/core/provider';
import type Docker from 'dockerode';
import type { Engine } from '../engine/connect.ts';
import { LABEL, placeLabels } from '../engine/labels.ts';
import { containerName, scopedName } from '../engine/place.ts';
import { markSecrets } from './secret-marks.ts';

/** How much an engine keeps of what one container prints: 40 MB. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '4' } } as const;

/** How one instance is reached. */
export interface Reach {
  network: string;
  /** On a network whose addresses may be fixed. */
  address?: string;
  /** An address and port of the engine's machine that lead to it. */
  published?: { address: string; port: number };
  /** Where it reaches the engine's machine. */
  gateway?: string;
}

/** The name under which a container finds the engine's machine, as with Docker Desktop. */
const HOST_NAME = 'host.docker.internal';

/** What the engine is asked to make of one instance. */
export function containerBody(
  engine: Engine,
  request: RevisionRequest,
  { slot, image, epoch, reach }: { slot: number; image: string; epoch: number; reach: Reach },
): Docker.ContainerCreateOptions {
  const { service, revision, spec, artifact, record } = request;
  const env = { ...variablesOf(request), ...identityOf(engine, request, slot) };
  const port = portOf(request);
  const labels = {
    ...placeLabels(engine.place),
    [LABEL.service]: service,
    [LABEL.revision]: revision,
    [LABEL.slot]: String(slot),
    [LABEL.epoch]: String(epoch),
    [LABEL.artifact]: artifact.digest,
    [LABEL.port]: String(port),
    [LABEL.values]: valuesOf(request),
    [LABEL.record]: JSON.stringify(record),
    [LABEL.secrets]: markSecrets(env, request.secrets ?? []),
    ...(reach.published === undefined
      ? {}
      : { [LABEL.published]: `${reach.published.address}:${reach.published.port}` }),
  };
  return {
    name: containerName(engine.place, service, revision, slot),
    Image: image,
    Labels: labels,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(spec.run === undefined ? {} : { Entrypoint: ['/bin/sh', '-c'], Cmd: [spec.run] }),
    ExposedPorts: { [`${port}/tcp`]: {} },
    // The engine counts in seconds; half a second too long is better than cut off.
    StopTimeout: Math.max(1, Math.ceil(spec.stopGraceMs / 1000)),
    HostConfig: hostConfig(engine, request, { port, reach }),
    NetworkingConfig: {
      EndpointsConfig: {
        [reach.network]: reach.address === undefined ? {} : { IPAMConfig: { IPv4Address: reach.address } },
      },
    },
  };
}

/** A digest of all that the process is given; equal ones need no new container. */
export function valuesOf(request: RevisionRequest): string {
  const { run, image, limits, volumes, stopGraceMs } = request.spec;
  const given = {
    env: variablesOf(request),
    run,
    image,
    limits,
    volumes,
    stopGraceMs,
    artifact: request.artifact.digest,
  };
  return sha256(canonicalJson(given));
}

const portOf = ({ spec }: RevisionRequest) => spec.containerPort ?? spec.port;
const variablesOf = (request: RevisionRequest) => ({ ...request.env, PORT: String(portOf(request)) });

/** Who the instance is, for its logs and answers. No part of its values: a number more makes no other release. */
function identityOf({ place }: Engine, { service, revision }: RevisionRequest, slot: number): Record<string, string> {
  return {
    SLIPWAY_ENVIRONMENT: place.environment,
    SLIPWAY_SERVICE: service,
    SLIPWAY_REVISION: revision,
    SLIPWAY_INSTANCE: String(slot),
  };
}

function hostConfig(
  engine: Engine,
  { spec: { limits, volumes } }: RevisionRequest,
  { port, reach }: { port: number; reach: Reach },
): Docker.HostConfig {
  return {
    // Passes signals on and reaps what a service leaves behind, which few services do themselves.
    Init: true,
    // After a crash of its daemon an engine takes all containers for stopped by hand, and starts only those with `always`.
    RestartPolicy: { Name: 'always' },
    LogConfig: LOG_CONFIG,
    NetworkMode: reach.network,
    ...(reach.gateway === undefined ? {} : { ExtraHosts: [`${HOST_NAME}:${reach.gateway}`] }),
    ...(limits?.cpus === undefined ? {} : { NanoCpus: Math.round(limits.cpus * 1e9) }),
    // As much with swap as without: a service over its limit ends, instead of slowing everybody's disk.
    ...(limits?.memoryBytes === undefined ? {} : { Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes }),
    ...(volumes === undefined ? {} : { Mounts: volumes.map((volume) => mountOf(engine, volume)) }),
    ...(reach.published === undefined ? {} : { PortBindings: { [`${port}/tcp`]: [bindingOf(reach.published)] } }),
  };
}

function bindingOf({ address, port }: { address: string; port: number }): Docker.PortBinding {
  return { HostIp: address, HostPort: String(port) };
}

function mountOf(
  { place }: Engine,
  { source, target, readOnly }: NonNullable<RevisionRequest['spec']['volumes']>[number],
): Docker.MountSettings {
  if (source.startsWith('/')) return { Type: 'bind', Source: source, Target: target, ReadOnly: readOnly };
  const VolumeOptions = { NoCopy: false, Labels: placeLabels(place), DriverConfig: { Name: 'local', Options: {} } };
  return { Type: 'volume', Source: scopedName(place, source), Target: target, ReadOnly: readOnly, VolumeOptions };
}
