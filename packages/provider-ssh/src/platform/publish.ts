import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallContext, type PublishRequest, SlipwayError } from '@slipway/core/provider';
import { callHost } from '../connection/call-host.ts';
import { type Fleet, fleetOf, type Host } from '../options.ts';
import { eachHost } from './each-host.ts';

/**
 * Uploads the artifact to every host of the group that doesn't have it: packed once, checked by its digest on the far
 * side before it is unpacked, and there under its name only when it is whole.
 */
export async function publish(
  context: CallContext,
  { service, artifact }: Pick<PublishRequest, 'service' | 'artifact'>,
  fleet: Fleet = fleetOf(context),
): Promise<void> {
  const { digest, directory } = artifact;
  let packed: Promise<Packed> | undefined;
  try {
    await eachHost(context, { fleet, hosts: fleet.hosts }, async (host) => {
      if (await hasArtifact(context, { fleet, host }, service, digest)) {
        context.log(`${host.name} has ${digest} already`);
        return;
      }
      packed ??= pack({ service, directory }, context.signal);
      const { sum, content } = await packed;
      const words = [context.epoch, service, digest, sum];
      await callHost(context, { fleet, host }, 'receive', words, content);
      context.log(`uploaded ${digest} to ${host.name}, ${content.length} bytes`);
    });
  } finally {
    await packed?.catch(() => {}); // It was told to whoever waited for it.
  }
}

async function hasArtifact(
  context: CallContext,
  on: { fleet: Fleet; host: Host },
  service: string,
  digest: string,
): Promise<boolean> {
  const { stdout } = await callHost(context, on, 'has', [service, digest]);
  return stdout.trim() === 'yes';
}

interface Packed {
  content: Buffer;
  /** SHA-256 of the content, in hex. */
  sum: string;
}

async function pack(
  { service, directory }: { service: string; directory: string },
  signal: AbortSignal,
): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-upload-'));
  try {
    const file = join(folder, 'artifact.tar.gz');
    await runTar(['-C', directory, '-czf', file, '.'], service, signal);
    const content = await readFile(file);
    return { content, sum: createHash('sha256').update(content).digest('hex') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runTar(args: readonly string[], service: string, signal: AbortSignal): Promise<void> {
  const unpackable = (why: string, cause?: unknown) =>
    new SlipwayError('artifact-unpackable', `The artifact could not be packed${why}.`, {
      hint: 'Deploy again to build it anew; check that tar and gzip are here, and that there is room for temporary files.',
      subject: `service:${service}`,
      details: { effect: 'none' },
      ...(cause === undefined ? {} : { cause }),
    });
  return new Promise((resolve, reject) => {
    const child = spawn('tar', args, { stdio: ['ignore', 'ignore', 'pipe'], signal });
    let said = '';
    child.stderr.on('data', (part: Buffer) => {
      said = `${said}${part.toString()}`.slice(-500);
    });
    child.once('error', (cause) => reject(signal.aborted ? signal.reason : unpackable('', cause)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(unpackable(`: ${said.trim()}`));
    });
  });
}
