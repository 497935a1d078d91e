import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@slipway/provider-testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Installation } from './installation.ts';

// What runs in the repository runs from its sources. A user has the built packages alone.

let user: Installation;
beforeAll(async () => {
  user = await Installation.make();
}, 120_000);
afterAll(() => user?.remove());

test('what is installed was built, with its types and without sources', () => {
  for (const name of ['slipway', '@slipway/core', '@slipway/provider-local', '@slipway/provider-testkit']) {
    const files = readdirSync(join(user.project, 'node_modules', name));
    expect(files, name).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json']));
    expect(files, name).not.toContain('src');
    expect(existsSync(join(user.project, 'node_modules', name, 'dist/index.d.ts')), name).toBe(true);
  }
});

test('the binary says what it can do', async () => {
  const help = await user.slipway('--help');
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  expect(help.stdout).toContain('deploy');
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../packages/cli/package.json'), 'utf8'));
  expect((await user.slipway('--version')).stdout.trim()).toBe(version);
});

test('init writes a config whose types are found, and which is planned and deployed', async () => {
  expect(await user.slipway('init')).toMatchObject({ exitCode: 0 });
  expect(await user.tsc('slipway.config.ts')).toMatchObject({ exitCode: 0, stdout: '' });
  const plan = await user.slipway('plan', '--json');
  expect(plan.exitCode, plan.stderr).toBe(0);
  const { changes } = JSON.parse(plan.stdout) as { changes: unknown[] };
  expect(changes).toMatchObject([{ address: 'resource:hello', type: 'local:file', action: 'create' }]);
  const deployed = await user.slipway('deploy', '--yes');
  expect(deployed.exitCode, deployed.stderr).toBe(0);
  expect(readFileSync(join(user.project, 'hello.txt'), 'utf8')).toContain('Hello');
});

test('a mistake in the config is one for the types too', async () => {
  user.write('wrong.ts', "import { defineProject } from 'slipway';\nexport default defineProject({ nam: 'shop' });\n");
  const { exitCode, stdout } = await user.tsc('wrong.ts');
  expect(exitCode).not.toBe(0);
  expect(stdout).toMatch(/wrong\.ts\(2,\d+\): error TS\d+: .*nam/s);
});

test('a service is deployed by the agent that comes with it', async () => {
  user.write('site/index.html', '<p>published</p>\n');
  user.write(
    'slipway.config.ts',
    `import { defineProject } from 'slipway';
    export default defineProject({
      name: 'shop',
      environments: { dev: { platform: 'local' } },
      services: { site: { path: 'site', static: '.', port: ${await freePort()} } },
    });
    `,
  );
  try {
    const deployed = await user.slipway('deploy', '--yes', '--json');
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    const { urls } = JSON.parse(deployed.stdout) as { urls: { site: string } };
    expect(await (await fetch(urls.site)).text()).toContain('published');
  } finally {
    expect(await user.slipway('agent', 'stop', '--yes')).toMatchObject({ exitCode: 0 });
  }
});

test('a program uses the same interface', async () => {
  const { exitCode, stdout, stderr } = await user.node(`
    import { defaultRegistry, Slipway } from 'slipway/api';
    const slipway = await Slipway.open({ directory: '.', registry: defaultRegistry() });
    console.log((await slipway.history()).length > 0);
    await slipway.close();
  `);
  expect({ exitCode, stdout: stdout.trim(), stderr }).toEqual({ exitCode: 0, stdout: 'true', stderr: '' });
});

test('the author of a provider has things in memory without vitest', async () => {
  expect(existsSync(join(user.project, 'node_modules/vitest'))).toBe(false);
  const { exitCode, stderr } = await user.node(`
    import { inMemoryProvider, MemoryWorld, openTestPlace } from '@slipway/provider-testkit';
    const place = await openTestPlace();
    const world = new MemoryWorld();
    const [type] = inMemoryProvider(world).resourceTypes;
    await type.create(place.context, { token: 't', name: 'a', properties: { value: 1 } });
    await place.close();
    if (world.things.size !== 1) throw new Error('nothing was made');
  `);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});
