const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that came from outside, made safe to stand in HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] as string);
}

/** A template tag that escapes every value; an array of rows that it made itself stays as it is. */
export function html(strings: TemplateStringsArray, ...values: (string | number | Html | Html[])[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map((value) => render(value))));
}

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function render(value: string | number | Html | Html[]): string {
  if (Array.isArray(value)) return value.map((item) => item.text).join('');
  return value instanceof Html ? value.text : escapeHtml(String(value));
}
