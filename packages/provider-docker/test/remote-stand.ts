import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnEngine, startHosts } from '@slipway/provider-testkit';
import { Authority } from './certificates.ts';

/** An engine of another machine, as far as addresses go, which lets in who shows a certificate of its authority. */
export interface RemoteStand {
  /** Of its machine. */
  address: string;
  /** Its machine, for `ip netns exec`. */
  namespace: string;
  /** `tcp://…`, where it listens for TLS. */
  host: string;
  /** Its socket, for looking past what is tested. */
  socket: string;
  authority: Authority;
  /** Temporary, for whatever a test needs. */
  folder: string;
  stop(): Promise<void>;
}

/** Needs the parts docker, dockerd and sshd. */
export async function openRemoteStand(): Promise<RemoteStand> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-remote-'));
  const lab = await startHosts(1);
  const { address, namespace } = lab.hosts[0]!;
  let engine: OwnEngine | undefined;
  const stop = async () => {
    await engine?.stop();
    lab.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const authority = Authority.make(join(folder, 'own'));
    const { ca, cert, key } = authority.issue('engine', address);
    const host = `tcp://${address}:2376`;
    const tls = ['--tlsverify', '--tlscacert', ca, '--tlscert', cert, '--tlskey', key];
    engine = await OwnEngine.start(join(folder, 'e'), { namespace, arguments: ['-H', host, ...tls] });
    return { address, namespace, host, socket: engine.host, authority, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
