import { describe, expect, it } from 'vitest';
import { withoutShell } from '../../src/agent/launch-process.ts';

describe('withoutShell', () => {
  it.each([
    ['node server.js', 'exec node server.js'],
    [' ./bin/serve --port "$PORT" > log ', 'exec ./bin/serve --port "$PORT" > log'],
    ['npm run build && node x.js', 'npm run build && node x.js'],
    ['A=1 node x.js', 'A=1 node x.js'],
    ['cd dist', 'cd dist'],
    ['(node a.js)', '(node a.js)'],
    ['node a.js &\nnode b.js', 'node a.js &\nnode b.js'],
  ])('%j runs as %j', (command, run) => {
    expect(withoutShell(command)).toBe(run);
  });
});
