/** A line of a text of several lines is a secret of its own from this length on: keys, not `}`. */
const SHORTEST_LINE = 8;
/** Below this many bytes an encoded form is too short to mean anything. */
const SHORTEST_ENCODED = 4;
/** The part of a base64 text that shows the secret wherever it stands within what was encoded. */
const SHORTEST_BASE64_PART = 8;

/** Every text that gives a secret's value away: itself, its usual encodings, and those of its longer lines. */
export function variantsOf(value: string): Set<string> {
  const variants = new Set<string>();
  const lines = value.split(/\r\n|\r|\n/).map((line) => line.trim());
  const parts = lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE) : [];
  for (const part of [value, ...parts]) {
    for (const form of printedForms(part)) variants.add(form);
    for (const form of encodedForms(Buffer.from(part))) variants.add(form);
  }
  return variants;
}

function printedForms(text: string): string[] {
  const uri = encodeURIComponent(text.toWellFormed());
  // Some encoders are stricter than ECMAScript's (RFC 3986, application/x-www-form-urlencoded).
  const strict = uri.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams({ '': text }).toString().slice(1);
  const urls = [uri, uri.replaceAll('%20', '+'), strict, form];
  const lowerCase = urls.map((url) => url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  return [text, JSON.stringify(text).slice(1, -1), ...urls, ...lowerCase];
}

function encodedForms(bytes: Buffer): string[] {
  if (bytes.length < SHORTEST_ENCODED) return [];
  const hex = bytes.toString('hex');
  const base64 = bytes.toString('base64');
  const forms = [base64, base64.replace(/=+$/, ''), ...base64Parts(bytes)];
  return [hex, hex.toUpperCase(), ...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

/**
 * What the base64 of any longer text that contains the secret looks like (`user:password` of an HTTP
 * header): one form for each of the three places that the secret can have in a group of three bytes.
 */
function base64Parts(bytes: Buffer): string[] {
  const parts: string[] = [];
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const part = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    if (part.length >= SHORTEST_BASE64_PART) parts.push(part);
  }
  return parts;
}
