import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { type HealthCheck, SlipwayError, type TrafficRequest, type TrafficRoute } from '@slipway/core/provider';
import { fromFolder, type Place } from '../place.ts';
import { type Backend, backendsOf, type Declared, routeBackend, type Server } from './declared.ts';
import { gaveUpRules, uploadRules } from './gave-up-rules.ts';
import { histogramRules } from './histogram-rules.ts';

/** How often HAProxy looks whether an instance still answers, at least: an instance that died is to be noticed soon. */
const SLOWEST_CHECK_MS = 1_000;
/** Idle connections of users end by then, and with them workers of before a reload. */
const KEEP_ALIVE = '10s';
const DECLARED = '# declared ';

/** A config, and what of it can't be changed while HAProxy runs. */
export interface Rendered {
  text: string;
  /** Of everything but servers and weights; HAProxy tells which it was started with (`show info`, description). */
  skeleton: string;
}

/** The whole config of an environment's HAProxy. In its head it says, as comments, what it was made from. */
export function renderConfig(declared: Declared, { place, bind }: { place: Place; bind: readonly string[] }): Rendered {
  const services = Object.values(declared);
  const bare = services.flatMap((service) => serviceLines(service, bind, false)).join('\n');
  const skeleton = createHash('sha256')
    .update(globalLines(place, '').join('\n'))
    .update(bare)
    .digest('hex')
    .slice(0, 16);
  const head = JSON.stringify(declared, null, 1).split('\n');
  const text = [
    '# Written by Slipway: changes made here are lost.',
    ...head.map((line) => DECLARED + line),
    ...globalLines(place, skeleton),
    ...services.flatMap((service) => serviceLines(service, bind, true)),
    '',
  ];
  return { text: text.join('\n'), skeleton };
}

/** What a config says that it was made from. */
export function declaredIn(text: string): Declared {
  const lines = text.split('\n').filter((line) => line.startsWith(DECLARED));
  return lines.length === 0
    ? {}
    : (JSON.parse(lines.map((line) => line.slice(DECLARED.length)).join('\n')) as Declared);
}

/** On which addresses a config listens. */
export function bindsIn(text: string): string[] {
  const binds = text.matchAll(/^ {2}bind \[?(.+?)\]?:\d+$/gm);
  return [...new Set([...binds].flatMap(([, host]) => host ?? []))];
}

function globalLines(place: Place, skeleton: string): string[] {
  return [
    'global',
    `  description slipway-${skeleton}`,
    `  stats socket ${quoted(`unix@${fromFolder(place, place.statsSocket)}`)} mode 600 level admin`,
    // Else two processes could listen on one port, each with half of the users. A reload hands listeners over.
    '  noreuseport',
    'defaults',
    '  mode http',
    '  balance roundrobin',
    '  retries 3',
    '  option redispatch 1',
    // An instance that just died costs no request. What may have had an effect isn't sent twice, see disable-l7-retry.
    '  retry-on conn-failure empty-response',
    // A reload ends idle connections with an answer, never between the user's request and it.
    '  option idle-close-on-response',
    // What nobody waits for any more ends, and is seen to have had no answer.
    '  option abortonclose',
    '  timeout connect 2s',
    '  timeout client 5m',
    '  timeout server 5m',
    `  timeout http-keep-alive ${KEEP_ALIVE}`,
    '  timeout http-request 30s',
    '  timeout tunnel 24h',
  ];
}

function serviceLines(request: TrafficRequest, bind: readonly string[], withServers: boolean): string[] {
  const { service, routes } = request;
  const byHeader = routes.flatMap((route, at) =>
    'port' in route ? [] : [useBackend(route, routeBackend(service, at))],
  );
  const previews = routes.flatMap((route, at) =>
    'port' in route
      ? frontend(`${service}:port-${route.port}`, bindLines(bind, route.port), routeBackend(service, at))
      : [],
  );
  return [
    ...frontend(service, bindLines(bind, request.port), service, byHeader),
    ...previews,
    ...backendsOf(request).flatMap((backend) => backendLines(request, backend, withServers)),
  ];
}

function frontend(name: string, binds: readonly string[], backend: string, rules: readonly string[] = []): string[] {
  return [
    `frontend ${name}`,
    ...binds,
    '  http-request set-var(txn.start) date(0,us)',
    ...uploadRules(),
    '  http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
    ...rules,
    `  default_backend ${backend}`,
  ];
}

function useBackend(route: Exclude<TrafficRoute, { port: number }>, backend: string): string {
  const fetch = 'header' in route ? `req.fhdr(${token(route.header)})` : `req.cook(${token(route.cookie)})`;
  return `  use_backend ${backend} if { ${fetch} -m str -- ${quoted(route.value)} }`;
}

function backendLines(request: TrafficRequest, { name, servers }: Backend, withServers: boolean): string[] {
  const { service, health, affinity } = request;
  return [
    `backend ${name}`,
    `  timeout check ${health.timeoutMs}ms`,
    ...(health.http === undefined
      ? []
      : [
          '  option httpchk',
          `  http-check send meth GET uri ${quoted(health.http)} ver HTTP/1.1 hdr Host localhost`,
          '  http-check expect status 200-399',
        ]),
    ...(affinity
      ? [
          `  cookie ${token(affinity.cookie)} insert indirect nocache httponly dynamic`,
          `  dynamic-cookie-key ${cookieKey(service)}`,
        ]
      : []),
    `  http-error status 503 content-type text/plain string "No instance of ${service} takes requests now.\\n"`,
    ...histogramRules(service, name === service),
    ...gaveUpRules(),
    ...(withServers ? servers.map((server) => `  server ${serverLine(server, request)}`) : []),
  ];
}

/** From it HAProxy derives the cookie of each instance. It keeps nothing secret: it only has to stay the same. */
export function cookieKey(service: string): string {
  return createHash('sha256').update(`affinity ${service}`).digest('hex').slice(0, 16);
}

/** How often HAProxy looks at each instance. */
export const checkEveryMs = ({ intervalMs }: Pick<HealthCheck, 'intervalMs'>) => Math.min(intervalMs, SLOWEST_CHECK_MS);

/** A server with its keywords, as in a config and, behind the backend's name, for `add server`. */
export function serverLine({ name, host, port, weight }: Server, { health }: TrafficRequest): string {
  return `${name} ${address(host, port)} weight ${weight} check inter ${checkEveryMs(health)}ms rise 1 fall ${health.unhealthyAfter}`;
}

const bindLines = (hosts: readonly string[], port: number) => hosts.map((host) => `  bind ${address(host, port)}`);

const address = (host: string, port: number) => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`);

function token(name: string): string {
  if (/^[A-Za-z0-9!#$%&*+.^_|~-]+$/.test(name)) return name;
  throw unusable(name, 'is no name of a header or cookie');
}

/** In strong quotes nothing has a meaning; a quote itself can't stand in them. */
function quoted(text: string): string {
  if (/\p{Cc}/u.test(text)) throw unusable(text, 'holds control characters');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function unusable(text: string, why: string): SlipwayError {
  return new SlipwayError('haproxy-unusable-value', `${JSON.stringify(text)} ${why}, so HAProxy can't route by it.`, {
    subject: text,
    details: { effect: 'none' },
  });
}
