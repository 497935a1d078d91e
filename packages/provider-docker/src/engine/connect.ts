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
  options: DockerOptions;
  place: Place;
}

/**
 * The engine that the config names. Nothing is sent yet. Every request made through it ends when the context's
 * signal is aborted. Throws `platform-options-invalid` and `docker-host-invalid`.
 */
export function connect(context: CallContext): Engine {
  const options = readOptions(context.platform);
  const host = options.host ?? process.env.DOCKER_HOST ?? DEFAULT_HOST;
  const where = address(host, context.directory, options);
  const client = { ...where, agent: connectingAgent(where.protocol === 'https', CONNECT_WITHIN_MS) };
  const docker = new Docker(client);
  const dial: Dial = docker.modem.dial.bind(docker.modem);
  docker.modem.dial = (request: Parameters<Dial>[0], done: Parameters<Dial>[1]) =>
    dial({ ...request, abortSignal: request.abortSignal ?? context.signal }, done);
  return { docker, host, local: host.startsWith('unix:'), options, place: placeOf(context, options) };
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
  return { ca: read(files.ca), cert: read(files.cert), key: read(files.key) };
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
