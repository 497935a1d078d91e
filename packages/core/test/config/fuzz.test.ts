import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadProject } from '../../src/config/load-project.ts';
import type { Problem } from '../../src/config/problem.ts';
import type { Project } from '../../src/config/project.ts';
import { SlipwayError } from '../../src/errors.ts';
import { loadNatively, type Outcome } from './load-natively.ts';
import { Chance, mutateStructure, mutateText } from './mutate.ts';
import { projectFolder } from './project-folder.ts';
import { configRegistry } from './registry.ts';

const YAML_TEXTS = 7_000;
const YAML_STRUCTURES = 2_600;
const MODULES = 400;
const FIRST_SEED = 20_000;

const sample = await readFile(join(import.meta.dirname, 'sample.yaml'), 'utf8');
const ORGANISATION = 'limits: { overall: 5 }\nservices: { backend: { stopGrace: 5s } }\n';
const CODES = ['config-invalid', 'environment-required', 'environment-unknown'];

/** What is wrong with an outcome: nothing, when it is a project or clear problems. */
function faultOf(outcome: Outcome, files: Readonly<Record<string, number>>): string | undefined {
  if (outcome.thrown !== undefined) return outcome.thrown;
  if (outcome.project) return faultOfProject(outcome.project);
  if (!CODES.includes(outcome.code ?? '')) return `code ${outcome.code}`;
  if (outcome.code !== 'config-invalid') return undefined;
  if (!outcome.problems?.length) return 'invalid without a problem';
  const ill = outcome.problems.find((problem) => !isWellFormed(problem, files));
  return ill && `ill-formed problem ${JSON.stringify(ill)}`;
}

function isWellFormed(
  { file, line, column, path, message, hint }: Problem,
  files: Readonly<Record<string, number>>,
): boolean {
  const lines = files[file];
  const isText = (text: string) => text.length > 0 && text.length <= 500 && !/\p{Cc}/u.test(text);
  return (
    lines !== undefined &&
    Number.isInteger(line) &&
    line >= 1 &&
    line <= lines &&
    Number.isInteger(column) &&
    column >= 1 &&
    typeof path === 'string' &&
    !/\p{Cc}/u.test(path) &&
    isText(message) &&
    !message.includes('Invalid input') &&
    (hint === undefined || isText(hint))
  );
}

function faultOfProject(project: Project): string | undefined {
  const names = new Set([...project.resources, ...project.services].map(({ address }) => address));
  for (const node of [...project.resources, ...project.services]) {
    if (node.dependsOn.some((address) => !names.has(address))) return `${node.address} depends on nothing`;
  }
  for (const { spec, name } of project.services) {
    const numbers = [
      spec.port,
      spec.stopGraceMs,
      spec.health.intervalMs,
      spec.health.deadlineMs,
      spec.health.healthyAfter,
    ];
    if (!numbers.every(Number.isInteger)) return `${name} has a number that is none`;
    if ((spec.run === undefined) === (spec.static === undefined)) return `${name} runs and serves`;
    if (!Object.values(spec.env).every((value) => typeof value === 'string')) return `${name} has no text in env`;
  }
  return Number.isInteger(project.environment.limits.overall) ? undefined : 'limits are no numbers';
}

const lineCount = (text: string | Uint8Array) => Buffer.from(text).toString('latin1').split('\n').length;

async function outcomeOf(directory: string): Promise<Outcome> {
  try {
    return {
      project: await loadProject({
        directory,
        environment: 'production',
        registry: configRegistry(),
        variables: { X: 'x' },
      }),
    };
  } catch (error) {
    if (error instanceof SlipwayError) return { code: error.code, problems: error.details.problems as Problem[] };
    return { thrown: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function fuzzYaml(firstSeed: number, count: number, mutate: (chance: Chance) => Uint8Array | string) {
  await using folder = await projectFolder({ 'organisation.yaml': ORGANISATION });
  const faults: string[] = [];
  let valid = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const content = mutate(new Chance(seed));
    await writeFile(join(folder.directory, 'slipway.yaml'), content);
    const outcome = await outcomeOf(folder.directory);
    if (outcome.project) valid++;
    const fault = faultOf(outcome, {
      'slipway.yaml': lineCount(content),
      'organisation.yaml': lineCount(ORGANISATION),
    });
    if (fault) faults.push(`seed ${seed}: ${fault}`);
  }
  return { faults, valid };
}

// Ten thousand configs take the time they take; the bound is for one that never ends.
describe('a mutated config ends in a project or in clear problems', { timeout: 400_000 }, () => {
  test(`${YAML_TEXTS} texts`, async () => {
    const { faults, valid } = await fuzzYaml(FIRST_SEED, YAML_TEXTS, (chance) => mutateText(sample, chance));
    expect(faults).toEqual([]);
    // Both ends are reached, else the mutations are too weak or too strong to tell anything.
    expect(valid).toBeGreaterThan(YAML_TEXTS / 100);
    expect(valid).toBeLessThan(YAML_TEXTS / 2);
  });

  test(`${YAML_STRUCTURES} structures`, async () => {
    const { faults, valid } = await fuzzYaml(FIRST_SEED, YAML_STRUCTURES, (chance) =>
      JSON.stringify(mutateStructure(sample, chance), null, 1),
    );
    expect(faults).toEqual([]);
    expect(valid).toBeGreaterThan(YAML_STRUCTURES / 100);
    expect(valid).toBeLessThan(YAML_STRUCTURES / 2);
  });

  test(`${MODULES} modules`, async () => {
    const files: Record<string, string | Uint8Array> = { 'package.json': '{ "type": "module" }' };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + MODULES; seed++) {
      const chance = new Chance(seed);
      const value = JSON.stringify(mutateStructure(sample, chance), null, 1);
      const module = `const config: object = ${value};\nexport default { ...config, extends: undefined } satisfies object;\n`;
      files[`${seed}/slipway.config.ts`] = chance.below(2) === 0 ? module : mutateText(module, chance);
    }
    await using folder = await projectFolder(files);
    const seeds = Array.from({ length: MODULES }, (_, index) => FIRST_SEED + index);
    const requests = seeds.map((seed) => ({
      directory: join(folder.directory, String(seed)),
      environment: 'production',
    }));
    const { outcomes } = await loadNatively(requests);
    const faults = outcomes.flatMap((outcome, index) => {
      const name = `${seeds[index]}/slipway.config.ts`;
      const fault = faultOf(outcome, { 'slipway.config.ts': lineCount(files[name] ?? '') });
      return fault ? [`seed ${seeds[index]}: ${fault}`] : [];
    });
    expect(faults).toEqual([]);
    expect(outcomes).toHaveLength(MODULES);
    expect(outcomes.some(({ project }) => project)).toBe(true);
  });
});
