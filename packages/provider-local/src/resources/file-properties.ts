import { isAbsolute, normalize, resolve, sep } from 'node:path';
import { type JsonObject, SlipwayError } from '@slipway/core/provider';
import { z } from 'zod';
import { namesSecret } from './names-secret.ts';
import { textOf } from './text-of.ts';

export const DEFAULT_MODE = '0644';

export const fileSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .refine((path) => !leavesProject(path), 'leads out of the project\nuse an absolute path if that is meant')
      .meta({ description: "Absolute, or relative to the project's folder. A change of it replaces the file." }),
    content: z.string().meta({ description: 'The whole content, written as UTF-8.' }),
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/, "must be three octal digits as text\nwrite '0644', with quotes")
      .optional()
      .meta({ description: "Rights in octal, as text: `'0600'`. Default `'0644'`." }),
    overwrite: z
      .boolean()
      .optional()
      .meta({ description: 'Creation may take the place of a file that is already there. Default false.' }),
  })
  .superRefine(({ content, mode }, issues) => {
    // Reported for the whole: a fault at a text with a reference counts as unknown until the reference is.
    if (!namesSecret(content) || isPrivate(mode)) return;
    issues.addIssue({
      code: 'custom',
      message: "content holds a secret, but other users could read the file\nset mode: '0600'",
    });
  });

export interface FileProperties {
  path: string;
  content: string;
  mode: string;
  overwrite: boolean;
}

/** The properties with defaults, once every reference is a value. */
export function fileProperties({ path, content, mode, overwrite }: JsonObject): FileProperties {
  return {
    path: normalize(textOf(path ?? '')),
    content: textOf(content ?? ''),
    mode: normalMode(textOf(mode ?? DEFAULT_MODE)),
    overwrite: overwrite === true,
  };
}

/** Where it lies, absolute. Throws `path-outside` for a relative path that leaves the project. */
export function locate(directory: string, path: string): string {
  if (!leavesProject(path)) return resolve(directory, path);
  throw new SlipwayError('path-outside', `The path ${path} leads out of the project.`, {
    subject: path,
    hint: 'Use an absolute path if that is meant.',
    details: { effect: 'none' },
  });
}

/** True when nobody but the owner may read it. */
export function isPrivate(mode: string | undefined): boolean {
  return mode !== undefined && /^0?[0-7]{3}$/.test(mode) && (Number.parseInt(mode, 8) & 0o077) === 0;
}

/** Four octal digits. */
export function normalMode(mode: string | number): string {
  const bits = typeof mode === 'number' ? mode & 0o777 : Number.parseInt(mode, 8);
  return bits.toString(8).padStart(4, '0');
}

function leavesProject(path: string): boolean {
  if (isAbsolute(path)) return false;
  const normal = normalize(path);
  return normal === '..' || normal.startsWith(`..${sep}`);
}
