import { variantsOf } from '@slipway/core/provider';

/** The variable, and where in its value the secret begins and how long it is. */
type Mark = [name: string, start: number, length: number];

/**
 * Where secrets stand in a container's variables. The values are the engine's to know, since it starts the process; kept
 * with the container, the places alone are enough to mask what an older revision printed.
 */
export function markSecrets(env: Record<string, string>, secrets: readonly string[]): string {
  const marks: Mark[] = [];
  for (const [name, value] of Object.entries(env)) {
    for (const secret of secrets) {
      const start = secret === '' ? -1 : value.indexOf(secret);
      if (start >= 0) marks.push([name, start, secret.length]);
    }
  }
  return JSON.stringify(marks);
}

/** A masking of the secrets that a container was given, in every form in which programs usually print one. */
export function secretMask(env: readonly string[], marks: string | undefined): (text: string) => string {
  const values = new Map(env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const secrets = readMarks(marks).map(([name, start, length]) =>
    (values.get(name) ?? '').slice(start, start + length),
  );
  const forms = [...new Set(secrets.filter((secret) => secret !== '').flatMap((secret) => [...variantsOf(secret)]))];
  // Longer first: what is masked can't be found any more as a part of something longer.
  forms.sort((a, b) => b.length - a.length);
  return (text) => forms.reduce((kept, form) => kept.replaceAll(form, '***'), text);
}

function readMarks(text: string | undefined): Mark[] {
  try {
    const marks: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(marks) ? (marks as Mark[]) : [];
  } catch {
    return [];
  }
}
