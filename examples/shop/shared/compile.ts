import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

// Compiles the service in the current folder: src/**/*.ts becomes dist/**/*.js, without types. Arguments name
// files beside this one that the service takes along. Fails on a syntax error and on an import of a file that
// isn't there, so that a broken tree ends here and not on the environment.

const here = import.meta.dirname;

function compile(file: string): string {
  const source = readFileSync(join('src', file), 'utf8');
  let code: string;
  try {
    code = stripTypeScriptTypes(source);
  } catch (error) {
    throw new Error(`src/${file} does not compile: ${(error as Error).message}`, { cause: error });
  }
  return code.replaceAll(/(from\s+')(\.[^']+)\.ts'/g, (_, before: string, path: string) => {
    if (!existsSync(join('src', dirname(file), `${path}.ts`)))
      throw new Error(`src/${file} imports ${path}.ts, which is not there`);
    return `${before}${path}.js'`;
  });
}

function build(taken: readonly string[]): void {
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string; version: string };
  rmSync('dist', { recursive: true, force: true });
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  for (const file of files) {
    const target = join('dist', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compile(file));
  }
  for (const file of taken) copyFileSync(join(here, file), join('dist', file));
  writeFileSync(join('dist', 'release.json'), `${JSON.stringify({ name, version })}\n`);
  console.log(`${name} ${version}: compiled ${files.length} files`);
}

try {
  build(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
