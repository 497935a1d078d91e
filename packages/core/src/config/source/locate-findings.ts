import { relative, sep } from 'node:path';
import { type Finding, formatPath, oneLine, type Path, type Problem } from '../problem.ts';
import type { Config } from './read-config.ts';
import type { Place, Source } from './source.ts';

/** What an environment's block lays over what the project says. */
const LAID_OVER = new Set<string | number | undefined>(['services', 'resources', 'metricSources']);

/**
 * Says of each finding in which file, line and column it stands: in the strongest file that has its key,
 * and, where an environment's block was laid over a node, in that block when it has the key.
 */
export function locateFindings(config: Config, findings: readonly Finding[], environment?: string): Problem[] {
  // What was left out of a file because it is no plain data is not missing as well.
  const leftOut = new Set(config.sources.flatMap((source) => source.findings.map(({ path }) => formatPath(path))));
  const news = findings.filter(({ path }) => !leftOut.has(formatPath(path)));
  return news.map((finding) => {
    const { source, place, path } = bestPlace(config.sources, finding.path, environment);
    return toProblem(config, source.file, place, path, finding);
  });
}

/** What is wrong with the files themselves, before anything was laid over anything. */
export function locateFaults(config: Config): Problem[] {
  return config.sources.flatMap((source) => [
    ...source.faults.map((fault) => toProblem(config, fault.file ?? source.file, fault, [], fault)),
    ...source.findings.map((finding) =>
      toProblem(config, source.file, source.locate(finding.path), finding.path, finding),
    ),
  ]);
}

/** By file (the config first), line and column; each problem once. */
export function sortProblems(config: Config, problems: readonly Problem[]): Problem[] {
  const files = new Map(config.sources.map((source, index) => [shownFile(config, source.file), index]));
  const rank = (problem: Problem) => files.get(problem.file) ?? files.size;
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...unique.values()].sort(
    (a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column || a.path.localeCompare(b.path, 'en'),
  );
}

function bestPlace(sources: readonly Source[], path: Path, environment: string | undefined) {
  const laidOver = environment !== undefined && LAID_OVER.has(path[0]);
  const candidates = sources.map((source) => candidate(source, path));
  if (laidOver) {
    const overPath = ['environments', environment, ...path];
    for (const source of sources.toReversed()) {
      const over = candidate(source, overPath);
      // The prefix alone says nothing: the block counts as far as it goes into the node.
      const depth = Math.max(0, over.depth - 2);
      // Weaker than a declaration unless it has the very key: what is missing is missing in the declaration.
      if (depth === path.length) candidates.unshift({ ...over, depth });
      else candidates.push({ ...over, depth: depth - 0.5 });
    }
  }
  return candidates.reduce((best, next) => (next.depth > best.depth ? next : best));
}

function candidate(source: Source, path: Path): { source: Source; place: Place; path: Path; depth: number } {
  const place = source.locate(path);
  return { source, place, path, depth: place.depth };
}

function toProblem(config: Config, file: string, place: { line: number; column: number }, path: Path, what: Fault) {
  return {
    file: shownFile(config, file),
    line: place.line,
    column: place.column,
    path: formatPath(path),
    message: oneLine(what.message),
    ...(what.hint === undefined ? {} : { hint: oneLine(what.hint) }),
  };
}

type Fault = Pick<Finding, 'message' | 'hint'>;

function shownFile(config: Config, file: string): string {
  return relative(config.directory, file).split(sep).join('/');
}
