import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Imports it in a process of its own, where vitest can't be found. */
async function importWithoutVitest(name: string): Promise<string> {
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(specifier, context, next) {
        if (/^(vitest|@vitest)(\\/|$)/.test(specifier)) throw new Error('vitest is not installed');
        return next(specifier, context);
      },
    });
    import(${JSON.stringify(name)}).then(
      (module) => console.log(Object.keys(module).join(' ')),
      (error) => console.log(error.message),
    );`;
  const flags = ['-C', 'slipway-source', '--input-type=module', '-e', script];
  return (await promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname })).stdout;
}

test('whoever only wants things in memory, a clock or single checks needs no vitest', async () => {
  const names = await importWithoutVitest('@slipway/provider-testkit');
  for (const name of ['inMemoryProvider', 'memoryPlatform', 'ManualClock', 'openTestPlace', 'resourceChecks'])
    expect(names).toContain(name);
});

test.for(['resource-conformance', 'store-conformance', 'platform-conformance', 'router-conformance'])(
  'the suite %s does',
  async (suite) => {
    expect(await importWithoutVitest(`@slipway/provider-testkit/${suite}`)).toContain('vitest is not installed');
  },
);
