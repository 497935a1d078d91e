import { posix } from 'node:path';
import { serviceAddress } from '../../address.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { check } from '../check.ts';
import { parseDuration } from '../duration.ts';
import { valueAt } from '../explain.ts';
import { parseMemory } from '../memory.ts';
import { type Finding, type Path, quote } from '../problem.ts';
import type { HealthCheck, ServiceDeclaration, ServiceSpec, Volume } from '../project.ts';
import { unescapeReferences } from '../references.ts';
import { type ServiceValues, serviceSchema } from '../schema/service.ts';
import { given } from './given.ts';
import { readStrategy } from './read-strategy.ts';
import { isTrue, refuseRunTimeReferences, type Scope, toTexts } from './scope.ts';

/** Validates one service; undefined when something is wrong with it, which is in the scope's findings then. */
export function readService(name: string, raw: JsonObject, scope: Scope): ServiceDeclaration | undefined {
  const path = ['services', name];
  const node = scope.interpolation.apply(raw, path);
  const checked = check(serviceSchema, node, path, scope.findings);
  const { env, ...rest } = node;
  refuseRunTimeReferences(rest, path, 'put it into env, and use the variable here', scope.findings);
  checkKind(node, path, scope.findings);
  if (checked.values.port !== undefined) claimPort(Number(checked.values.port), name, scope);
  claimPreview(node, name, scope);
  const { strategy: strategyInput } = checked.values;
  const strategy =
    strategyInput === undefined
      ? undefined
      : readStrategy(strategyInput, scope.metricSources, [...path, 'strategy'], scope.findings);
  const content = withoutNull({ ...scope.variables, ...(isObject(env) ? env : {}) });
  const at = (inner: Path): Path => [...path, 'env', ...inner];
  const dependsOn = scope.names.dependencies(checked.values.dependsOn ?? [], { content, at }, path, scope.findings);
  if (!checked.whole || !strategy) return undefined;
  const { env: own, ...settings } = checked.values;
  const values = unescapeReferences(settings as JsonObject) as typeof settings;
  return {
    address: serviceAddress(name),
    name,
    spec: { ...toSpec(values), env: toTexts(withoutNull({ ...scope.variables, ...own })), strategy },
    dependsOn,
    tags: toTexts(values.tags),
    protect: isTrue(values.protect),
    shared: (values.shared ?? []).map(normalPath),
    contract: (values.contract ?? []).map(normalPath),
    ...(values.timeout === undefined ? {} : { timeoutMs: parseDuration(values.timeout)! }),
    ...given({ lockstep: values.lockstep }),
  };
}

/** A variable that is `null` is not set, whoever set it below. */
function withoutNull<T>(variables: Readonly<Record<string, T>>): Record<string, NonNullable<T>> {
  const set = Object.entries(variables).filter((entry): entry is [string, NonNullable<T>] => entry[1] !== null);
  return Object.fromEntries(set);
}

type Settings = Omit<ServiceValues, 'env'>;

function toSpec(values: Settings): Omit<ServiceSpec, 'env' | 'strategy'> {
  const { migrations, containerPort, instances, limits, volumes, affinity } = values;
  return {
    path: values.path === undefined ? '' : normalPath(values.path),
    ...given({ build: values.build, run: values.run, image: values.image }),
    ...given({
      dockerfile: values.dockerfile === undefined ? undefined : normalPath(values.dockerfile),
      containerPort: containerPort === undefined ? undefined : Number(containerPort),
      instances: instances === undefined ? undefined : Number(instances),
      limits: limits && given({ cpus: numberOf(limits.cpus), memoryBytes: bytesOf(limits.memory) }),
      volumes: volumes?.map(toVolume),
      affinity: typeof affinity === 'string' ? { cookie: affinity } : affinity,
      static: values.static === undefined ? undefined : normalPath(values.static),
    }),
    port: Number(values.port),
    health: toHealth(values),
    tests: given(values.tests ?? {}),
    ...given({
      migrations: migrations && {
        up: migrations.up,
        ...given({ down: migrations.down, status: migrations.status }),
        forwardOnly: isTrue(migrations.forwardOnly),
      },
    }),
    stopGraceMs: parseDuration(values.stopGrace)!,
  };
}

/** `NAME:/path`, `/path/on/the/machine:/path`, each with `:ro` to only read. */
function toVolume(values: NonNullable<Settings['volumes']>[number]): Volume {
  if (typeof values !== 'string') return { ...values, readOnly: isTrue(values.readOnly) };
  const [source = '', target = '', mode] = values.split(':');
  return { source, target, readOnly: mode === 'ro' };
}

function numberOf(written: number | string | undefined): number | undefined {
  return written === undefined ? undefined : Number(written);
}

function bytesOf(written: number | string | undefined): number | undefined {
  return written === undefined ? undefined : parseMemory(String(written));
}

function toHealth(values: Settings): HealthCheck {
  const health = serviceSchema.shape.health.unwrap().parse(values.health ?? {});
  const { http, tcp, command } = health;
  const byDefault = values.static === undefined ? { tcp: true } : { http: '/' };
  return {
    ...((http ?? tcp ?? command) ? given({ http, tcp, command }) : byDefault),
    intervalMs: parseDuration(health.interval)!,
    timeoutMs: parseDuration(health.timeout)!,
    healthyAfter: Number(health.healthyAfter),
    unhealthyAfter: Number(health.unhealthyAfter),
    deadlineMs: parseDuration(health.deadline)!,
  };
}

function claimPort(port: number, name: string, scope: Scope, keys: Path = ['port']): void {
  const other = scope.ports.get(port);
  if (other === undefined) scope.ports.set(port, name);
  else
    scope.findings.push({ path: ['services', name, ...keys], message: `is the port of service ${quote(other)} too` });
}

function claimPreview(node: JsonObject, name: string, scope: Scope): void {
  const keys = ['strategy', 'blue-green', 'previewPort'];
  const port = Number(valueAt(node, keys));
  if (Number.isInteger(port)) claimPort(port, name, scope, keys);
}

/** What the schema of single keys can't say: which of them go together. */
function checkKind(node: JsonObject, path: Path, findings: Finding[]): void {
  const has = (key: string) => Object.hasOwn(node, key);
  if (has('run') && has('static')) {
    findings.push({ path: [...path, 'static'], message: 'a service has run or static, not both' });
  } else if (!has('run') && !has('static') && !has('image') && !has('dockerfile')) {
    const hint = 'add run, a command that starts it, static, a folder to serve, or image';
    findings.push({ path, message: 'says neither how to run it nor what to serve', hint });
  }
  checkImage(has, path, findings);
  const health = isObject(node.health) ? node.health : {};
  const kinds = ['http', 'tcp', 'command'].filter((kind) => Object.hasOwn(health, kind));
  if (kinds.length > 1) {
    findings.push({
      path: [...path, 'health', kinds[1]!],
      message: `a health check has ${kinds.join(' or ')}, not both`,
    });
  }
}

/** A given image runs as it is: there is nothing to build for it. */
function checkImage(has: (key: string) => boolean, path: Path, findings: Finding[]): void {
  if (!has('image')) {
    if (!has('path')) findings.push({ path: [...path, 'path'], message: 'is required' });
    return;
  }
  for (const key of ['build', 'static', 'dockerfile']) {
    if (!has(key)) continue;
    const hint = key === 'static' ? 'leave one of the two out' : 'leave image out to have one made of path';
    findings.push({ path: [...path, key], message: `a service has image or ${key}, not both`, hint });
  }
}

function normalPath(path: string): string {
  const normal = posix.normalize(path.replaceAll('\\', '/'));
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
