import { freePort } from '@slipway/provider-testkit';
import { Playground } from './playground.ts';

const SERVER = `const http = require('node:http');
const server = http.createServer((_, answer) => answer.end(String(process.env.WORD)));
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

const HEALTH = 'health: { http: /, interval: 50ms, timeout: 2s, healthyAfter: 1, deadline: 30s }';

/** A project with one real service, \`web\`, that answers with its WORD; its agent ends with it. */
export class ServiceProject implements AsyncDisposable {
  readonly play = new Playground().write({ 'web/server.js': SERVER, 'web/package.json': '{"type":"commonjs"}' });
  readonly port: number;

  private constructor(port: number) {
    this.port = port;
  }

  static async open(): Promise<ServiceProject> {
    return new ServiceProject(await freePort());
  }

  /** Writes the config: these resources, and the service with these lines besides its own. */
  declare(resources: readonly string[], service: readonly string[], environment = 'dev: { platform: local }'): void {
    const web = [
      'path: web',
      'run: node server.js',
      `port: ${this.port}`,
      ...(service.some((line) => line.startsWith('health:')) ? [] : [HEALTH]),
      ...service,
    ];
    this.play.write({
      'slipway.yaml': [
        'name: demo',
        `environments: { ${environment} }`,
        ...(resources.length === 0 ? [] : ['resources:', ...resources.map((line) => `  ${line}`)]),
        'services:',
        '  web:',
        ...web.map((line) => `    ${line}`),
        '',
      ].join('\n'),
    });
  }

  /** What the service answers from outside, or undefined when nothing does. */
  async answer(): Promise<string | undefined> {
    try {
      return await (await fetch(`http://127.0.0.1:${this.port}/`)).text();
    } catch {
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.play.slipway('agent', 'stop');
    this.play[Symbol.dispose]();
  }
}
