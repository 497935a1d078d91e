import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { until } from '../until.ts';
import { call, keepAliveAgent, startBackend, startRouter } from './parts.ts';

const MB = 1024 * 1024;

async function routeTo(answer: RequestListener) {
  const { backend, server } = await startBackend(answer);
  const router = startRouter();
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  return { router, port, server };
}

test('20 MB pass unchanged, up and down, with a length and without', async () => {
  const content = randomBytes(20 * MB);
  const echo = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(incoming);
    response.setHeader('X-Digest', hash('sha256', body, 'hex'));
    if (incoming.url === '/length') response.setHeader('Content-Length', body.length);
    await pipeline(Readable.from([body]), response);
  };
  const { port } = await routeTo((incoming, response) => void echo(incoming, response));
  for (const path of ['/length', '/chunked']) {
    const upload = request({ host: '127.0.0.1', port, path, method: 'PUT', agent: false });
    if (path === '/length') upload.setHeader('Content-Length', content.length);
    const answered = once(upload, 'response') as Promise<[IncomingMessage]>;
    await pipeline(Readable.from([content]), upload);
    const [answer] = await answered;
    expect(answer.headers['x-digest']).toBe(hash('sha256', content, 'hex'));
    expect(hash('sha256', await buffer(answer), 'hex')).toBe(hash('sha256', content, 'hex'));
  }
});

test('a client that does not read slows the backend down instead of filling memory', async () => {
  let sent = 0;
  let stalled = false;
  const chunk = Buffer.alloc(MB);
  const { port } = await routeTo((_, response) => {
    const write = () => {
      while (sent < 200 && !response.destroyed) {
        sent++;
        stalled = !response.write(chunk);
        if (stalled) return void response.once('drain', write);
      }
      response.end();
    };
    write();
  });
  const reader = request({ host: '127.0.0.1', port, agent: false }).end();
  const [answer] = (await once(reader, 'response')) as [IncomingMessage];
  await new Promise((resolve) => setTimeout(resolve, 300));
  // The sockets' buffers hold a few MB; an unbounded proxy would have taken all 200.
  expect(stalled).toBe(true);
  expect(sent).toBeLessThan(40);
  reader.on('error', () => {});
  answer.destroy();
});

test('a backend that does not read slows the client down', async () => {
  const { port } = await routeTo((incoming) => void incoming.pause());
  const upload = request({ host: '127.0.0.1', port, method: 'POST', agent: false });
  upload.on('error', () => {});
  let sent = 0;
  const chunk = Buffer.alloc(MB);
  const write = () => {
    while (sent < 200) {
      sent++;
      if (!upload.write(chunk)) return void upload.once('drain', write);
    }
  };
  write();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(sent).toBeLessThan(40);
  upload.destroy();
});

test('a client that goes away is gone for the backend too, and is no error of the revision', async () => {
  const gone: string[] = [];
  const { port, router } = await routeTo((incoming, response) => {
    incoming.resume();
    response.once('close', () => gone.push(incoming.url ?? ''));
    if (incoming.url === '/answering') response.write('begun');
  });
  const waiting = request({ host: '127.0.0.1', port, path: '/waiting', agent: false }).end();
  waiting.on('error', () => {});
  const answering = request({ host: '127.0.0.1', port, path: '/answering', agent: false }).end();
  answering.on('error', () => {});
  const uploading = request({ host: '127.0.0.1', port, path: '/uploading', method: 'POST', agent: false });
  uploading.on('error', () => {});
  uploading.write('some of it');
  await once(answering, 'response');
  await until(() => router.traffic('s').a?.open === 3);
  for (const outgoing of [waiting, answering, uploading]) outgoing.destroy();
  await until(() => gone.length === 3);
  await until(() => router.traffic('s').a?.open === 0);
  // The one that was answered is good. Of the others at most one counts, which had waited long if this machine is slow.
  const counted = router.traffic('s').a;
  expect(counted?.waiting).toBe(0);
  expect((counted?.requests ?? 0) - (counted?.errors ?? 0)).toBe(1);
  expect(counted?.errors).toBeLessThanOrEqual(1);
});

test('Expect: 100-continue is decided by the backend', async () => {
  const { port, server } = await routeTo(
    (incoming, response) => void text(incoming).then((body) => response.end(body)),
  );
  server.on('checkContinue', (incoming, response) => {
    if (incoming.url === '/no') {
      response.writeHead(413).end('too large');
      return;
    }
    response.writeContinue();
    server.emit('request', incoming, response);
  });
  const ask = (path: string) =>
    request({ host: '127.0.0.1', port, path, method: 'POST', agent: false, headers: { Expect: '100-continue' } });
  const welcome = ask('/yes');
  welcome.flushHeaders();
  await once(welcome, 'continue');
  welcome.end('the body');
  const [answer] = (await once(welcome, 'response')) as [IncomingMessage];
  expect(await text(answer)).toBe('the body');
  const refused = ask('/no');
  let continued = false;
  refused.on('continue', () => {
    continued = true;
  });
  refused.on('error', () => {});
  refused.flushHeaders();
  const [refusal] = (await once(refused, 'response')) as [IncomingMessage];
  expect([refusal.statusCode, continued]).toEqual([413, false]);
  refused.destroy();
});

test("headers: the connection's own stay behind, Host stays, X-Forwarded-* grow, duplicates keep their order", async () => {
  const { port } = await routeTo((incoming, response) => {
    response.writeHead(200, [
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'Connection',
      'X-Secret',
      'X-Secret',
      'hop',
      'X-Kept',
      'yes',
    ]);
    response.end(JSON.stringify(incoming.rawHeaders));
  });
  const { body, headers } = await call(port, {
    headers: {
      Host: 'shop.example',
      Connection: 'keep-alive, X-Mine, Content-Length',
      'X-Mine': 'hop',
      TE: 'trailers',
      'X-Forwarded-For': '203.0.113.9',
      'X-Forwarded-Proto': 'https',
      'X-Other': 'kept',
    },
    agent: false,
  });
  const received = JSON.parse(body) as string[];
  const value = (name: string) => received[received.indexOf(name) + 1];
  expect(received).not.toContain('X-Mine');
  expect(received).not.toContain('TE');
  expect(value('Host')).toBe('shop.example');
  expect(value('X-Other')).toBe('kept');
  expect(value('X-Forwarded-For')).toBe('203.0.113.9, 127.0.0.1');
  expect(value('X-Forwarded-Proto')).toBe('https');
  expect(value('X-Forwarded-Host')).toBe('shop.example');
  expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
  expect(headers['x-kept']).toBe('yes');
  expect(headers['x-secret']).toBeUndefined();
});

test('HEAD, 304, 204 and trailers keep their meaning, on one connection', async () => {
  const { port } = await routeTo((incoming, response) => {
    if (incoming.method === 'HEAD') response.writeHead(200, { 'Content-Length': 4711 }).end();
    else if (incoming.url === '/same') response.writeHead(304, { ETag: '"x"' }).end();
    else if (incoming.url === '/nothing') response.writeHead(204).end();
    else {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('body');
      response.addTrailers({ 'X-Sum': '42' });
      response.end();
    }
  });
  const agent = keepAliveAgent();
  agent.maxSockets = 1;
  expect(await call(port, { agent, method: 'HEAD' })).toMatchObject({
    status: 200,
    body: '',
    headers: { 'content-length': '4711' },
  });
  expect(await call(port, { agent, path: '/same' })).toMatchObject({ status: 304, body: '', headers: { etag: '"x"' } });
  expect(await call(port, { agent, path: '/nothing' })).toMatchObject({ status: 204, body: '' });
  const { message, body } = await call(port, { agent });
  expect([body, message.trailers]).toEqual(['body', { 'x-sum': '42' }]);
});

test('an early answer to an upload leaves the connection usable', async () => {
  const { port } = await routeTo((incoming, response) => {
    if (incoming.method === 'POST') response.writeHead(413).end('no');
    else response.end('next');
  });
  const client = connect(port, '127.0.0.1');
  let received = '';
  client.on('data', (data) => {
    received += String(data);
  });
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${4 * MB}\r\n\r\n`);
  client.write(Buffer.alloc(1000));
  await until(() => received.includes('413'));
  client.write(Buffer.alloc(4 * MB - 1000));
  client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await once(client, 'close');
  expect(received).toContain('next');
});

test('a client of HTTP/1.0 gets a body without chunks', async () => {
  const { port } = await routeTo((_, response) => {
    response.write('one ');
    response.end('two');
  });
  const client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.0\r\n\r\n');
  const received = await text(client);
  expect(received).not.toMatch(/transfer-encoding/i);
  expect(received.endsWith('\r\n\r\none two')).toBe(true);
});

test('bytes of any upgrade pass raw, and one side may be done before the other', async () => {
  const { port, server, router } = await routeTo((_, response) => response.end());
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\nwelcome ');
    let received = '';
    socket.on('data', (data: Buffer) => {
      received += String(data);
    });
    socket.on('end', () => socket.end(`you said ${received}`));
  });
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\nfirst words');
  const answer = await text(client);
  expect(answer).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/);
  expect(answer.endsWith('welcome you said first words')).toBe(true);
  await until(() => router.traffic('s').a?.open === 0);
});
