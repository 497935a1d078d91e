import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './network-namespaces.ts';

/** Makes a key pair without a passphrase. Returns its public part, `ssh-ed25519 AAAA...`. */
export function makeKey(file: string): string {
  run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file);
  return readFileSync(`${file}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
}

/** Waits until an sshd says what it is, at most half a minute. */
export async function untilSshAnswers(address: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answers = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: address, port: 22, timeout: 1_000 });
      const end = (answer: boolean) => {
        socket.destroy();
        resolve(answer);
      };
      socket.once('data', () => end(true));
      socket.once('timeout', () => end(false));
      socket.once('error', () => end(false));
    });
    if (answers) return;
    await sleep(100);
  }
  throw new Error(`The sshd on ${address} does not answer.`);
}
