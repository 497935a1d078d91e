import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isObject } from '../../json.ts';
import { plainData } from '../plain-data.ts';
import type { Path } from '../problem.ts';
import { ExitRefused, refuseExit } from './exit-guard.ts';
import { locateSyntaxError, ModulePlaces } from './module-places.ts';
import { type Source, type SyntaxFault, TOP, unreadable } from './source.ts';

/**
 * Imports a config module, JavaScript or TypeScript, and takes its default export: a plain object. A file
 * that changed since is imported anew; modules that it imports are not.
 */
export async function importModule(file: string, signal?: AbortSignal): Promise<Source> {
  let exported: unknown;
  try {
    const { mtimeMs, size } = await stat(file);
    const url = `${pathToFileURL(file).href}?v=${mtimeMs}-${size}`;
    exported = await refuseExit(() => unlessAborted(readDefault(url), signal));
  } catch (error) {
    signal?.throwIfAborted();
    return unreadable(file, explainFailure(file, error));
  }
  let places: ModulePlaces | undefined;
  const locate = (path: Path) => {
    places ??= new ModulePlaces(file);
    return places.locate(path);
  };
  return { file, locate, ...readExport(file, exported, locate) };
}

async function readDefault(url: string): Promise<unknown> {
  const module: object = await import(url);
  return 'default' in module ? await module.default : undefined;
}

function readExport(
  file: string,
  exported: unknown,
  locate: Source['locate'],
): Pick<Source, 'value' | 'faults' | 'findings'> {
  const refuse = (message: string) => ({ value: undefined, findings: [], faults: [{ ...locate([]), message }] });
  if (exported === undefined) return refuse('has no default export; write export default defineProject({…})');
  if (typeof exported === 'function') return refuse('the default export must be an object, not a function');
  try {
    const { value, findings } = plainData(exported);
    if (isObject(value)) return { value, findings, faults: [] };
    if (findings.length > 0) return { value: undefined, findings, faults: [] };
    return refuse('the default export must be an object');
  } catch (error) {
    // A getter or a proxy may throw whatever it likes.
    return { value: undefined, findings: [], faults: [explainFailure(file, error)] };
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Says in one line why a module can't be imported, where, and what to do. */
function explainFailure(file: string, error: unknown): SyntaxFault {
  if (!(error instanceof Error)) return { ...TOP, message: `threw ${describeThrown(error)}` };
  const message = firstLine(error.message);
  const code = 'code' in error ? error.code : undefined;
  if (error instanceof ExitRefused) return explainExit(error);
  if (code === 'ERR_MODULE_NOT_FOUND') return explainMissingModule(file, error);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return {
      ...placeOfSyntaxError(file, error),
      message,
      hint: 'Node strips types and runs the rest: use no enum, namespace or parameter property',
    };
  }
  if (error instanceof SyntaxError) {
    const language = code === 'ERR_INVALID_TYPESCRIPT_SYNTAX' ? 'TypeScript' : 'JavaScript';
    return { ...placeOfSyntaxError(file, error), message: `is not valid ${language}: ${message}` };
  }
  return { ...placeOfThrow(file, error), message: `threw ${error.name}: ${message}` };
}

/** Named where the call stands: that may be a module that the config imports. */
function explainExit(error: ExitRefused): SyntaxFault {
  const [, url, line, column] = /(file:\/\/[^\s?]+)(?:\?\S*?)?:(\d+):(\d+)\)?$/m.exec(error.stack ?? '') ?? [];
  return {
    ...(url === undefined ? TOP : { file: fileURLToPath(url), line: Number(line), column: Number(column) }),
    message: `ends the process: ${error.message}`,
    hint: 'throw an Error instead, which says what is missing',
  };
}

function explainMissingModule(file: string, error: Error): SyntaxFault {
  const [, what = 'module', name = '', importer] =
    /Cannot find (package|module) '([^']+)' imported from (.+)$/s.exec(firstLine(error.message)) ?? [];
  const from = importer?.startsWith('file:') ? fileURLToPath(importer.split('?')[0] ?? importer) : importer;
  const inFile = from?.split('?')[0] ?? file;
  const place = placeOfText(inFile, what === 'package' ? name : basename(name));
  const hint =
    what === 'package' ? `run npm install ${name}` : 'imports need the whole path with its ending, ./name.ts';
  return {
    ...place,
    file: inFile,
    message: `imports ${what} ${basenameOfModule(what, name)}, which is not there`,
    hint,
  };
}

function basenameOfModule(what: string, name: string): string {
  return JSON.stringify(what === 'package' ? name : basename(name));
}

/** The file in which the syntax is wrong may be one that the config imports: the stack's head names it. */
function placeOfSyntaxError(file: string, error: Error): { file: string; line: number; column: number } {
  const [, place, line] =
    /^(file:\/\/[^\n?]+|\/[^\n:?]+|[A-Za-z]:[^\n:?]+)(?:\?[^\n:]*)?:(\d+)\n/.exec(error.stack ?? '') ?? [];
  const named = place?.startsWith('file:') ? fileURLToPath(place) : place;
  const found = locateSyntaxError(named ?? file);
  return { file: named ?? file, line: found?.line ?? Number(line ?? 1), column: found?.column ?? 1 };
}

/** The innermost frame in the config itself. */
function placeOfThrow(file: string, error: Error): { line: number; column: number } {
  const url = pathToFileURL(file).href;
  for (const line of (error.stack ?? '').split('\n')) {
    const start = Math.max(line.indexOf(url), line.indexOf(file));
    const place = start < 0 ? null : /:(\d+):(\d+)\)?$/.exec(line);
    if (place) return { line: Number(place[1]), column: Number(place[2]) };
  }
  return TOP;
}

function placeOfText(file: string, text: string): { line: number; column: number } {
  let lines: string[];
  try {
    lines = readFileSync(file, 'utf8').split('\n');
  } catch {
    return TOP;
  }
  const line = lines.findIndex((candidate) => /['"]/.test(candidate) && candidate.includes(text));
  return line < 0 ? TOP : { line: line + 1, column: (lines[line] ?? '').indexOf(text) + 1 };
}

function describeThrown(thrown: unknown): string {
  return typeof thrown === 'string' ? JSON.stringify(thrown.slice(0, 60)) : `a value of type ${typeof thrown}`;
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, 300);
}
