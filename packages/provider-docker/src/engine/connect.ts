import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type CallContext, SlipwayError } from '@slipway/core/provider';
import Docker from 'dockerode';
import { connectingAgent } from './connecting-agent.ts';
import { type DockerOptions, readOptions } from './options.ts';
import { type Place, placeOf } from './place.ts';

const DEFAULT_HOST = 'unix:///var/run/docker.sock';
/** An engine that doesn't take a connection for longer is not there. */
const CONNECT_WITHIN_MS = 10_000;

type Dial = Docker['modem']['dial'];

/** One engine, as a call sees it. */
export interface Engine {
  docker: Docker;
  /** Where it listens, for people. */
  host: string;
  /** It runs on this machine, as far as its address tells. */
  local: boolean;
  /** It runs on another one. Neither, where it is reached at this one's loopback: that may lead anywhere. */
  remote: boolean;
  options: DockerOptions;
  place: Place;
}

/**
 * The engine that the config names. Nothing is sent yet. Every request made through it ends when the context's
 * signal is aborted. Throws `platform-options-invalid` and `docker-host-invalid`.
 */
export function connect(context: CallContext): Engine {
  const options = readOptions(context.platform);
  const host = hostOf(options);
  const where = address(host, context.directory, options);
  const client = { ...where, agent: connectingAgent(where.protocol === 'https', CONNECT_WITHIN_MS) };
  const docker = new Docker(client);
  const dial: Dial = docker.modem.dial.bind(docker.modem);
  docker.modem.dial = (request: Parameters<Dial>[0], done: Parameters<Dial>[1]) =>
    dial({ ...request, abortSignal: request.abortSignal ?? context.signal }, done);
  const local = host.startsWith('unix:');
  return { docker, host, local, remote: isRemote(host), options, place: placeOf(context, options) };
}

/** Where the engine listens: as the options say, else the environment's variable, else Docker's own socket. */
export function hostOf(options: DockerOptions): string {
  return options.host ?? process.env.DOCKER_HOST ?? DEFAULT_HOST;
}

/** True for an engine that is reached over the network. */
export function isRemote(host: string): boolean {
  const url = URL.parse(host);
  return url?.protocol === 'tcp:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname);
}

/** Every field is given: what is left out, the client would take from variables of the environment. */
function address(host: string, directory: string, options: DockerOptions): Docker.DockerOptions {
  const none = { host: undefined, port: undefined, socketPath: undefined, timeout: undefined };
  if (host.startsWith('unix://')) return { ...none, socketPath: host.slice('unix://'.length), protocol: 'http' };
  const url = URL.parse(host);
  if (url?.protocol !== 'tcp:' || url.hostname === '') throw unusable(host);
  const tls = readTls(directory, options);
  const port = url.port || (tls ? 2376 : 2375);
  return { ...none, host: url.hostname, port, protocol: tls ? 'https' : 'http', ...tls };
}

function readTls(
  directory: string,
  { host, tls }: DockerOptions,
): { ca: Buffer; cert: Buffer; key: Buffer } | undefined {
  const folder = host === undefined ? process.env.DOCKER_CERT_PATH : undefined;
  const inFolder = folder && {
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
  };
  const files = tls ?? inFolder;
  if (!files) return undefined;
  const read = (file: string) => readTlsFile(resolve(directory, file));
  const cert = read(files.cert);
  requireValid(cert, resolve(directory, files.cert));
  return { ca: read(files.ca), cert, key: read(files.key) };
}

/** An engine refuses one that has expired without saying why. */
function requireValid(cert: Buffer, file: string): void {
  const wrong = (message: string, cause?: unknown) =>
    new SlipwayError('docker-tls-file-unusable', message, {
      subject: 'platform:docker',
      hint: 'Have a new certificate issued by the engine’s authority, and name its file as `tls.cert`.',
      details: { effect: 'none' },
      cause,
    });
  let until: string;
  try {
    until = new X509Certificate(cert).validTo;
  } catch (cause) {
    throw wrong(`${file} holds no certificate, which the engine is to be shown.`, cause);
  }
  if (Date.parse(until) < Date.now())
    throw wrong(`The certificate ${file}, which the engine is to be shown, expired on ${until}.`);
}

function readTlsFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new SlipwayError('docker-tls-file-unreadable', `${file} can't be read, which the engine's TLS needs.`, {
      subject: 'platform:docker',
      hint: 'Mend the path under `tls`, or the rights of the file.',
      details: { effect: 'none' },
      cause,
    });
  }
}

function unusable(host: string): SlipwayError {
  return new SlipwayError('docker-host-invalid', `"${host}" is no address of a Docker engine that can be used.`, {
    subject: 'platform:docker',
    hint: 'Give unix:///path/of.sock or tcp://host:port, as `host` or in DOCKER_HOST.',
    details: { effect: 'none' },
  });
}
