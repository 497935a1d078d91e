import { expect, test } from 'vitest';
import { loopbackValues } from '../src/instance/loopback-values.ts';

test('values that lead a container to itself are told by name', () => {
  const inward = {
    URL: 'http://127.0.0.1:8080/path',
    PLAIN: 'localhost:6379',
    WITH_PASSWORD: 'postgres://ann:secret@localhost:5432/shop',
    LIST: 'redis-1:6379,127.0.0.1:6379',
    SIX: 'http://[::1]:80',
  };
  const outward = { A: 'http://host.docker.internal:8080', B: 'localhost', C: '10.127.0.0.1:80', D: 'mylocalhost:80' };
  expect(loopbackValues({ ...inward, ...outward })).toEqual(Object.keys(inward));
});
