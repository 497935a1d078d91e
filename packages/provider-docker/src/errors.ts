import { type CallContext, type ErrorClass, SlipwayError, variantsOf } from '@slipway/core/provider';
import type { Engine } from './engine/connect.ts';
import { tlsFailure } from './tls-errors.ts';

/** What the system or the engine says of a connection that failed and may work in a moment. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);
/** How to have an engine at an address answer. */
const STARTING = {
  here: 'Start the engine (often `sudo systemctl start docker`)',
  there: 'Look whether the engine runs on that machine, listens at that address, and can be reached from here',
};
const BROKEN_OFF = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/** What the engine and its registry put in words alone: each with what it means and what to do. */
const IN_WORDS: { says: RegExp; code: string; hint: string; retryable?: boolean }[] = [
  {
    says: /no space left on device|disk quota exceeded/i,
    code: 'docker-no-space',
    hint: 'Free space on the engine’s disk, for example with `docker image prune`, then deploy again.',
  },
  {
    says: /manifest( for \S+)? (is )?(unknown|not found)|name unknown|repository \S+ not found|pull access denied/i,
    code: 'image-not-found',
    hint: 'Check the name of the image, that it was pushed there, and who may read it.',
  },
  {
    says: /unauthorized|no basic auth credentials|authentication required|denied: |access to the resource is denied|incorrect username/i,
    code: 'registry-denied',
    hint: 'Check `registry` in the config: the prefix, the username, and what the password may do.',
  },
  {
    says: /x509: |server gave HTTP response to HTTPS client/i,
    code: 'registry-untrusted',
    hint:
      'The engine must trust the registry: put its authority into /etc/docker/certs.d/HOST:PORT/ca.crt of the engine’s machine, ' +
      'or name a registry without TLS under `insecure-registries` in its daemon.json.',
  },
  {
    says: /cannot assign requested address/i,
    code: 'docker-publish-wrong',
    hint: 'Set `publish` under the environment’s platform to an address that the engine’s machine has.',
  },
  {
    says: /no such host|connection refused|i\/o timeout|TLS handshake timeout|server misbehaving|request canceled while waiting|network is unreachable/i,
    code: 'registry-unreachable',
    hint: 'Check that the engine reaches the registry, then try again.',
    retryable: true,
  },
  {
    says: /no such image/i,
    code: 'image-not-found',
    hint: 'Check the name of the image, and that the engine can pull it.',
  },
  {
    says: /bind source path does not exist|no such file or directory.*bind/i,
    code: 'volume-folder-missing',
    hint: 'Make the folder on the engine’s machine, or mount a volume by a name (`data:/path`), which the engine makes itself.',
  },
  {
    says: /port is already allocated|address already in use|proxy already running/i,
    code: 'docker-address-taken',
    hint: 'Another container or process has it. Try again: another one is chosen.',
    retryable: true,
  },
];

/** True where an address or port that was picked for a container turned out to be another's. */
export function isTaken(error: unknown): boolean {
  return /port is already allocated|address already in use|proxy already running|requested ip address .* is already/i.test(
    wordsOf(error),
  );
}

/** True where a container of that name exists, or is being made. */
export function isNameTaken(error: unknown): boolean {
  return statusOf(error) === 409 || /name \S+ is already in use/i.test(wordsOf(error));
}

/** True where the network that a container was to join is being made or taken away by another run at this moment. */
export function isNetworkUnsettled(error: unknown): boolean {
  return /network \S+ (not found|is ambiguous)|unable to find network|not belong to any of this network/i.test(
    wordsOf(error),
  );
}

/** The engine's status of a refused request; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | undefined)?.statusCode;
}

/** True where the engine said that there is no such thing. Podman answers 500 to some questions for what is not there. */
export function isAbsent(error: unknown): boolean {
  return (
    statusOf(error) === 404 ||
    (statusOf(error) === 500 && /no such (container|network|image|volume)|not known/i.test(wordsOf(error)))
  );
}

/** True where a container that was there is not, or is about to go: another run could not start it, and makes it anew. */
export function isRemoved(error: unknown): boolean {
  return isAbsent(error) || /marked for removal|being removed|removal .* in progress/i.test(wordsOf(error));
}

/** Whether an error of this provider may pass by itself. */
export function classify(error: unknown): ErrorClass {
  return error instanceof SlipwayError && error.retryable ? 'transient' : 'permanent';
}

/** Turns what the engine or the connection threw into what an operator reads; credentials in it are masked. */
export function engineError(error: unknown, { host, options }: Engine, subject: string): SlipwayError {
  if (error instanceof SlipwayError) return error;
  const { code: given = '', syscall } = error as NodeJS.ErrnoException;
  // A file that can't be read has nothing to do with the engine.
  const code = ['ENOENT', 'EACCES', 'EPERM'].includes(given) && syscall !== 'connect' ? '' : given;
  const text = maskCredentials(wordsOf(error), options.registry?.password);
  const make = (name: string, message: string, rest: ConstructorParameters<typeof SlipwayError>[2]) =>
    new SlipwayError(name, message, { subject, ...rest });
  if (code === 'EACCES' || code === 'EPERM') {
    return make('docker-permission-denied', `This user may not use the Docker engine at ${host}.`, {
      hint: 'Add the user to the group of the socket (often `sudo usermod -aG docker NAME`) and log in anew, or run a rootless engine.',
      details: { effect: 'none' },
    });
  }
  if (UNREACHABLE.has(code)) {
    return make('docker-unreachable', `No Docker engine answers at ${host} (${code}).`, {
      hint: `${STARTING[host.startsWith('unix:') ? 'here' : 'there']}, or say where it is: \`host\` under the environment’s platform, or DOCKER_HOST.`,
      retryable: true,
    });
  }
  if (BROKEN_OFF.has(code)) {
    return make('docker-unreachable', `The Docker engine at ${host} broke off the connection (${text}).`, {
      hint: 'Look whether the engine runs, then try again.',
      retryable: true,
    });
  }
  const status = statusOf(error);
  const tls = tlsFailure(code, status, text);
  if (tls) {
    return make('docker-tls-failed', `No trusted connection to the Docker engine at ${host}: ${tls.what}.`, {
      hint: tls.hint,
      details: { effect: 'none' },
    });
  }
  const known = IN_WORDS.find(({ says }) => says.test(text));
  if (known) return make(known.code, text, { hint: known.hint, retryable: known.retryable ?? false });
  return make('docker-refused', status === undefined ? text : `The Docker engine refused (${status}): ${text}`, {
    hint: 'The engine’s words say why; its own log may say more.',
    retryable: status !== undefined && status >= 502,
  });
}

/** Runs a provider's call: what it throws is the signal's reason when aborted, else always a SlipwayError. */
export async function told<T>(
  context: CallContext,
  engine: Engine,
  subject: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    context.signal.throwIfAborted();
    return await work();
  } catch (error) {
    context.signal.throwIfAborted();
    throw engineError(error, engine, subject);
  }
}

/** The engine's own words, without what its client put around them. */
export function wordsOf(error: unknown): string {
  const { json, message = '' } = (error ?? {}) as { json?: { message?: string; cause?: string }; message?: string };
  return (json?.message ?? message.replace(/^\(HTTP code \d+\) [^-]*- /, '')).trim();
}

function maskCredentials(text: string, password: string | undefined): string {
  if (password === undefined) return text;
  const forms = [...variantsOf(password)].sort((a, b) => b.length - a.length);
  return forms.reduce((kept, form) => kept.replaceAll(form, '***'), text);
}
