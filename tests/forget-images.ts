import { execFileSync } from 'node:child_process';

/** Removes the images that were built for a project of this name: the platform keeps them, as stock for a way back. */
export function forgetImages(project: string): void {
  const format = '{{.Repository}}:{{.Tag}}';
  const listed = execFileSync('docker', ['image', 'ls', '--format', format, `slipway/${project}/*`]).toString();
  const images = listed.split('\n').filter(Boolean);
  if (images.length > 0) execFileSync('docker', ['image', 'rm', ...images], { stdio: 'ignore' });
}
