/**
 * The service that platforms are tested with, as it is written into an artifact: plain Node without dependencies, old
 * versions too. Its environment says how it behaves: `REVISION` is what it calls itself, `ILL=1` has its health answer
 * 503, `FAIL_PERCENT` has so many of its other answers be 500, `DELAY_MS` delays them, `LINGER_MS` has it answer as ever
 * for so long after SIGTERM, and then end.
 *
 * | path | does |
 * |---|---|
 * | `/healthz` | says whether it is well |
 * | `/slow?ms=` | answers after so long |
 * | `/fail` | answers 500 |
 * | `/drop` | closes the connection instead of answering |
 * | `/env?name=` | answers the variable's value |
 * | `/ending` | answers `yes` after SIGTERM, else `no` |
 * | `/say?text=` | writes a line to standard output |
 * | `/crash` | ends the process with code 7 |
 * | anything else | answers 200 and, as JSON, who it is |
 *
 * An upgrade to WebSocket echoes text after its revision's name. On SIGTERM it takes nothing new, finishes what it has,
 * and ends.
 */
export const SERVER_SOURCE = String.raw`
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const { DELAY_MS = '0', FAIL_PERCENT = '0', HOST, ILL, LINGER_MS, PORT, REVISION = '' } = process.env;
const identity = { revision: REVISION, instance: randomUUID() };
let answered = 0;
let sockets = 0;
let ending = false;

function answer(response, status, text = JSON.stringify(identity)) {
  response.writeHead(status, { 'content-type': 'text/plain', 'x-revision': REVISION });
  response.end(text);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://sample');
  const value = (name) => url.searchParams.get(name) || '';
  if (url.pathname === '/healthz') return answer(response, ILL === '1' ? 503 : 200);
  if (url.pathname === '/slow') return void setTimeout(() => answer(response, 200), Number(value('ms')));
  if (url.pathname === '/fail') return answer(response, 500);
  if (url.pathname === '/drop') return void request.socket.destroy();
  if (url.pathname === '/env') return answer(response, 200, process.env[value('name')] || '');
  if (url.pathname === '/ending') return answer(response, 200, ending ? 'yes' : 'no');
  if (url.pathname === '/crash') return answer(response, 200), void setTimeout(() => process.exit(7), 50);
  if (url.pathname === '/say') {
    console.log(value('text'));
    return answer(response, 200);
  }
  const fails = Math.floor((++answered * FAIL_PERCENT) / 100) > Math.floor(((answered - 1) * FAIL_PERCENT) / 100);
  if (DELAY_MS === '0') answer(response, fails ? 500 : 200);
  else setTimeout(() => answer(response, fails ? 500 : 200), Number(DELAY_MS));
});

server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  const accept = createHash('sha1').update(key).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write([...head, 'Sec-WebSocket-Accept: ' + accept, '', ''].join('\r\n'));
  sockets++;
  socket.on('error', () => {});
  socket.on('close', () => {
    sockets--;
    endWhenIdle();
  });
  socket.on('data', (frame) => {
    const opcode = frame[0] & 15;
    if (opcode === 8) return socket.end(Buffer.from([0x88, 0]));
    if (opcode !== 1) return;
    const mask = frame.subarray(2, 6);
    const text = frame.subarray(6, 6 + (frame[1] & 127)).map((byte, index) => byte ^ mask[index % 4]);
    const reply = Buffer.from(REVISION + ' ' + Buffer.from(text));
    socket.write(Buffer.concat([Buffer.from([0x81, reply.length]), reply]));
  });
});

let closed = false;
function endWhenIdle() {
  if (closed && sockets === 0) process.exit(0);
}
process.on('SIGTERM', () => {
  if (LINGER_MS) {
    if (!ending) setTimeout(() => process.exit(0), Number(LINGER_MS));
    ending = true;
    return;
  }
  setInterval(() => server.closeIdleConnections && server.closeIdleConnections(), 20).unref();
  server.close(() => {
    closed = true;
    endWhenIdle();
  });
});
server.listen({ port: Number(PORT), host: HOST }, () => {
  console.log('ready ' + REVISION);
  console.error('complains ' + REVISION);
});
`;

/** For platforms that run images. */
export const DOCKERFILE = `FROM node:26-slim
WORKDIR /app
COPY server.mjs .
CMD ["node", "server.mjs"]
`;
