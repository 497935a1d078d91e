import type { JsonObject } from '../../json.ts';
import type { ProviderRegistry } from '../../provider/registry.ts';
import { checkValue } from '../check.ts';
import { type Finding, type Path, quote } from '../problem.ts';
import type { Environment } from '../project.ts';
import { type OptionKind, TypeIndex } from './type-index.ts';

/** Something that the environment names, with options of its own. */
interface Named {
  kind: OptionKind;
  word: string;
  options: { use: string } & JsonObject;
  path: Path;
}

/** Loads what is known of these resource types, and of the platform, router and metric sources; checks the options. */
export async function loadKnown(
  registry: ProviderRegistry,
  types: Iterable<string>,
  environment: Environment | undefined,
  findings: Finding[],
): Promise<TypeIndex> {
  const named = environment ? namedBy(environment) : [];
  const of = (wanted: OptionKind) => named.filter(({ kind }) => kind === wanted).map(({ options }) => options.use);
  const names = { types, platforms: of('platforms'), routers: of('routers'), sources: of('sources') };
  const index = await TypeIndex.load(registry, names);
  for (const one of named) checkNamed(one, index, findings);
  return index;
}

function namedBy({ name, platform, router, metricSources }: Environment): Named[] {
  const path = ['environments', name];
  const sources = Object.entries(metricSources).map(
    ([source, options]): Named => ({
      kind: 'sources',
      word: 'metric source',
      options,
      path: ['metricSources', source],
    }),
  );
  return [
    { kind: 'platforms', word: 'platform', options: platform, path: [...path, 'platform'] },
    ...(router ? [{ kind: 'routers', word: 'router', options: router, path: [...path, 'router'] } as const] : []),
    ...sources,
  ];
}

function checkNamed({ kind, word, options, path }: Named, index: TypeIndex, findings: Finding[]): void {
  const { use, ...rest } = options;
  const hint = index.typoHint(use);
  if (hint) findings.push({ path, message: `there is no ${word} ${quote(use)}`, hint });
  const schema = index.optionsSchema(kind, use);
  if (schema) checkValue(schema, rest, (inner) => [...path, ...inner], findings);
}
