import { type ErrorClass, SlipwayError } from '@slipway/core/provider';

const PASSING = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EAGAIN', 'EMFILE', 'ENFILE', 'EBUSY']);

/** Says whether an error of this provider may pass by itself. */
export function classify(error: unknown): ErrorClass {
  const passes =
    error instanceof SlipwayError
      ? error.retryable
      : PASSING.has(String((error as NodeJS.ErrnoException | undefined)?.code));
  return passes ? 'transient' : 'permanent';
}

/** Why HAProxy's socket could not be asked. */
export function socketError(socket: string, cause: unknown): SlipwayError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'EACCES' || code === 'EPERM')
    return new SlipwayError('haproxy-not-permitted', `HAProxy's socket ${socket} may not be used by this user.`, {
      subject: socket,
      hint: "Join the group that the socket belongs to (often haproxy), or set mode and group at 'stats socket'.",
      cause,
    });
  return new SlipwayError(
    'haproxy-unreachable',
    `HAProxy does not answer at ${socket}: ${WHY[code ?? ''] ?? code ?? String(cause)}.`,
    {
      subject: socket,
      hint: `Look whether it runs, what its log says, and whether its config has \`stats socket ${socket} level admin\` in the section global.`,
      retryable: true,
      cause,
    },
  );
}

/** Whether nobody listens at a socket: who did so is gone, and what it was told at run time with it. */
export function isNobodyThere(error: unknown): boolean {
  if (!(error instanceof SlipwayError && error.code === 'haproxy-unreachable')) return false;
  return NOBODY_THERE.has(String((error.cause as NodeJS.ErrnoException | undefined)?.code));
}

const NOBODY_THERE = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED']);

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ENOTDIR: 'there is no such socket',
  ECONNREFUSED: 'nobody listens there',
  ETIMEDOUT: 'it took too long',
};

/** A command that HAProxy's runtime API refused, in its own words. */
export function refused(command: string, answer: string): SlipwayError {
  const [words = ''] = answer.trim().split('\n');
  if (/permission denied/i.test(answer))
    return new SlipwayError(
      'haproxy-not-permitted',
      `HAProxy does not allow this socket to change anything: ${words}`,
      {
        subject: command,
        hint: "Give the socket the rights: 'stats socket PATH level admin'.",
      },
    );
  if (/unknown command/i.test(answer))
    return new SlipwayError('haproxy-too-old', `This HAProxy does not know \`${command}\`.`, {
      subject: command,
      hint: 'HAProxy 2.6 or newer is needed.',
    });
  return new SlipwayError('haproxy-refused', `HAProxy refused \`${command}\`: ${words}`, { subject: command });
}

/** It was told half of something when it ended, and came back without that half. */
export function endedMeanwhile(socket: string, cause: unknown): SlipwayError {
  return new SlipwayError('haproxy-ended', `HAProxy ended while it was told something at ${socket}, and came back.`, {
    subject: socket,
    hint: 'It distributes as it was told before. Look at what its log says, and try again.',
    retryable: true,
    cause,
  });
}

/** Why the program could not be run. */
export function unstartable(program: string, cause: unknown): SlipwayError {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
    return new SlipwayError('haproxy-not-installed', `There is no program ${program} on this machine.`, {
      subject: program,
      hint: 'Install it: `apt-get install haproxy`; it need not run as a service. Or say where it is with router.command.',
      details: { effect: 'none' },
      cause,
    });
  return new SlipwayError('haproxy-unstartable', `${program} could not be run: ${String(cause)}`, {
    subject: program,
    details: { effect: 'none' },
    cause,
  });
}

/** `subject`: the program or the socket that told its version. */
export function tooOld(version: string, subject: string): SlipwayError {
  return new SlipwayError('haproxy-too-old', `HAProxy ${version} is too old.`, {
    subject,
    hint: `HAProxy 2.6 or newer is needed. Install one, or name another program with \`command\`.`,
    details: { effect: 'none' },
  });
}

/** `at`: address and port; `holder`: who listens there, as far as it is known. */
export function portTaken(at: string, holder: string | undefined, message = ''): SlipwayError {
  return new SlipwayError('haproxy-port-taken', `${holder ?? 'Somebody else'} listens on ${at}. ${message}`.trim(), {
    subject: at,
    hint: 'End who has the port, or give the service another one. Traffic is as it was.',
    details: { effect: 'none' },
  });
}

/** HAProxy, or Slipway itself, got no answer from an instance that it is to lead users to. */
export function instanceDown(
  { revision, slot }: { revision: string | undefined; slot: number | undefined },
  said: string,
): SlipwayError {
  return new SlipwayError('haproxy-instance-down', `HAProxy does not reach instance ${slot} of ${revision}: ${said}.`, {
    subject: `${revision}:${slot}`,
    hint: 'Traffic is as it was. Look at the logs of the instance, and whether HAProxy may connect to where it listens.',
    retryable: true,
    details: { effect: 'none' },
  });
}

/** What `haproxy -c` said of a config. */
export function configInvalid(file: string, lines: string): SlipwayError {
  return new SlipwayError('haproxy-config-invalid', 'HAProxy does not accept the config that was made for it.', {
    subject: file,
    hint: `Nothing was changed. HAProxy says:\n${lines}`,
    details: { effect: 'none' },
  });
}
