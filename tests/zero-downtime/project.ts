import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@slipway/provider-testkit';

const BIN = join(import.meta.dirname, '../../packages/cli/bin/slipway.js');
const MODULES = join(import.meta.dirname, '../../node_modules');

/** Answers with its version; `/slow` after five seconds; any upgrade echoes what it is sent, forever. */
const server = (version: string) => `
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
const server = createServer((request, response) => {
  const answer = () => response.end('${version}');
  if (request.url === '/slow') setTimeout(answer, 5000);
  else answer();
});
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (message) => socket.send('${version} ' + message));
});
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => server.close());
`;

const config = (port: number) => `
name: zero
environments: { dev: { platform: local, onFailure: rollback } }
services:
  web:
    path: web
    run: exec node server.mjs
    port: ${port}
    health: { http: /, interval: 50ms, healthyAfter: 2, deadline: 20s }
    strategy: { blue-green: { drain: 10s } }
`;

/** A project with one service on a free port, driven from outside by the real command. */
export class Project {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-zero-')));
  readonly port: number;

  private constructor(port: number) {
    this.port = port;
    mkdirSync(join(this.directory, 'web'));
    mkdirSync(join(this.directory, '.slipway'));
    // Found by module resolution from any working copy below.
    symlinkSync(MODULES, join(this.directory, 'node_modules'));
    writeFileSync(join(this.directory, '.slipway', '.gitignore'), '*\n');
    writeFileSync(join(this.directory, 'slipway.yaml'), config(port));
  }

  static async make(): Promise<Project> {
    return new Project(await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  write(version: string): void {
    writeFileSync(join(this.directory, 'web', 'server.mjs'), server(version));
  }

  /** Runs the command to its end. Throws with what it said when it exits with another code than 0. */
  slipway(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [BIN, ...args, '-C', this.directory], (error, stdout, stderr) => {
        if (error) reject(new Error(`slipway ${args.join(' ')}: ${error.message}\n${stdout}\n${stderr}`));
        else resolve(stdout);
      });
    });
  }

  async deploy(version: string): Promise<void> {
    this.write(version);
    await this.slipway('deploy', '-y', '--ship', version);
  }

  async version(): Promise<string> {
    return await (await fetch(this.url)).text();
  }

  async remove(): Promise<void> {
    await this.slipway('agent', 'stop', '-y');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
