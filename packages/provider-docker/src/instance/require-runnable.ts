import { type PublishRequest, SlipwayError } from '@slipway/core/provider';

/** Throws `service-not-runnable` before anything was done, where a service has nothing that a container could run. */
export function requireRunnable({ service, spec }: Pick<PublishRequest, 'service' | 'spec'>): void {
  if (spec.static !== undefined) {
    throw refused(
      `${service} is a static site, which platform docker does not serve.`,
      service,
      'Put a web server into its image and leave `static` out.',
    );
  }
  if (spec.run === undefined && spec.image === undefined && spec.dockerfile === undefined) {
    throw refused(
      `${service} has neither an image, nor a Dockerfile, nor a command to run.`,
      service,
      'Give it `dockerfile`, `image`, or `run` beside a file called Dockerfile.',
    );
  }
}

function refused(message: string, service: string, hint: string): SlipwayError {
  return new SlipwayError('service-not-runnable', message, {
    subject: `service:${service}`,
    hint,
    details: { effect: 'none' },
  });
}
