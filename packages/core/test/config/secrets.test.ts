import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keyedHash, SecretSource } from '../../src/config/secrets.ts';
import { failureOf, load } from './load.ts';
import { projectFolder } from './project-folder.ts';

describe('secrets', () => {
  test('come from the environment first, then from the files in their order', async () => {
    await using folder = await projectFolder({
      '.env': 'TOKEN=from-first-file\nPASSWORD="with spaces"\n',
      'more.env': 'TOKEN=from-second-file\nOTHER=other-value\n',
    });
    const files = ['.env', 'more.env', 'absent.env'].map((name) => join(folder.directory, name));
    const source = await SecretSource.open({ variables: { API_KEY: 'from-environment', EMPTY: '' }, files });
    expect(source.resolve('TOKEN')).toBe('from-first-file');
    expect(source.resolve('PASSWORD')).toBe('with spaces');
    expect(source.resolve('OTHER')).toBe('other-value');
    expect(source.resolve('API_KEY')).toBe('from-environment');
    expect([...source.used.keys()]).toEqual(['TOKEN', 'PASSWORD', 'OTHER', 'API_KEY']);
    const preferred = await SecretSource.open({ variables: { TOKEN: 'from-environment' }, files });
    expect(preferred.resolve('TOKEN')).toBe('from-environment');
  });

  test('that are missing are named with where they were looked for', async () => {
    await using folder = await projectFolder({ '.env': 'EMPTY=\n' });
    const file = join(folder.directory, '.env');
    const source = await SecretSource.open({ variables: {}, files: [file, '/nowhere/.env'] });
    for (const name of ['TOKEN', 'EMPTY', 'constructor', '__proto__']) {
      expect(source.has(name)).toBe(false);
      const error = await failureOf(async () => source.resolve(name));
      expect(error).toMatchObject({ code: 'secret-missing', subject: name });
      expect(error.message).toContain(`the environment, ${file}, /nowhere/.env (absent)`);
      expect(error.hint).toContain(name);
    }
  });

  test('that are too short to be redacted are refused without being shown', async () => {
    const source = await SecretSource.open({ variables: { PIN: '12345' }, files: [] });
    const error = await failureOf(async () => source.resolve('PIN'));
    expect(error.code).toBe('secret-too-short');
    expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain('12345');
    expect(source.used.size).toBe(0);
  });

  test('in a file that can not be read are an error of their own', async () => {
    await using folder = await projectFolder({ 'dir/.env': '' });
    const open = () => SecretSource.open({ variables: {}, files: [join(folder.directory, 'dir')] });
    expect(await failureOf(open)).toMatchObject({ code: 'secret-file-unreadable' });
  });

  test('are compared by a keyed hash: HMAC-SHA-256 of RFC 4231, case 2', () => {
    expect(keyedHash(Buffer.from('Jefe'), 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  test('have the files that the project names, else .env when there is one', async () => {
    const config = { 'slipway.yaml': 'name: a\n' };
    expect((await load(config)).secretFiles).toEqual([]);
    expect((await load({ ...config, '.env': '' })).secretFiles).toEqual(['/project/.env']);
    const named = { 'slipway.yaml': 'name: a\nsecrets: { files: [a.env, b/c.env] }\n', '.env': '' };
    expect((await load(named)).secretFiles).toEqual(['/project/a.env', '/project/b/c.env']);
  });
});
