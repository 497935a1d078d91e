import { SlipwayError } from '@slipway/core/provider';

/** Longer answers aren't read: a measurement is small. */
const LONGEST_ANSWER = 4 * 1024 * 1024;
const SHOWN_OF_A_BODY = 300;

export interface Request {
  url: URL;
  method?: string;
  headers: Record<string, string>;
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  body: string;
}

/** One HTTP request; any status is an answer. Throws `metric-source-unreachable`, and the signal's reason. */
export async function ask({ url, method = 'GET', headers, signal }: Request): Promise<Answer> {
  try {
    const response = await fetch(withoutCredentials(url), {
      method,
      headers: { ...credentials(url), ...headers },
      signal,
    });
    return { status: response.status, body: await bodyOf(response) };
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new SlipwayError('metric-source-unreachable', `${shown(url)} could not be asked: ${messageOf(cause)}`, {
      hint: 'Check its address, and that it can be reached from here.',
      retryable: true,
      cause: error,
    });
  }
}

/** An answer that says by its status that it is none. */
export function refused(url: URL, { status, body }: Answer): SlipwayError {
  const said = startOf(body);
  const hint =
    status === 401 || status === 403
      ? 'Check the token or headers of the metric source.'
      : 'Look what is wrong there; the query may ask for something that it does not have.';
  return new SlipwayError('metric-source-refused', `${shown(url)} answered ${status}${said && `: ${said}`}`, { hint });
}

/** The answer's JSON. Throws `metric-answer-invalid` when it is none. */
export function jsonOf(url: URL, { body }: Answer): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new SlipwayError('metric-answer-invalid', `${shown(url)} did not answer with JSON: ${startOf(body)}`, {
      hint: 'Check the address: a proxy or a login page may have answered instead.',
    });
  }
}

/** For people: without credentials, and without the query, which may hold a key. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function startOf(body: string): string {
  const line = body.replace(/\s+/g, ' ').trim();
  return line.length > SHOWN_OF_A_BODY ? `${line.slice(0, SHOWN_OF_A_BODY)}…` : line;
}

async function bodyOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST_ANSWER) throw new Error('the answer is too long for a measurement');
  }
  return text + decoder.decode();
}

/** `fetch` refuses a URL with user and password in it. */
function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

function credentials({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Several addresses of one host that all refused: the message is empty then, the code isn't.
  return cause.message || ((cause as NodeJS.ErrnoException).code ?? cause.name);
}
