const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] as string);
}

function renderInline(text: string): string {
  return escapeHtml(text)
    .replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, '<a href="$2">$1</a>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replaceAll(/\*([^*]+)\*/g, '<em>$1</em>');
}

function renderBlock(block: string): string {
  const lines = block.split('\n');
  const heading = /^(#{1,3}) (.+)$/.exec(block);
  if (heading) return `<h${heading[1]?.length}>${renderInline(heading[2] as string)}</h${heading[1]?.length}>`;
  if (lines.every((line) => line.startsWith('- ')))
    return `<ul>\n${lines.map((line) => `<li>${renderInline(line.slice(2))}</li>`).join('\n')}\n</ul>`;
  return `<p>${renderInline(lines.join(' '))}</p>`;
}

/** The part of Markdown that these pages use: headings, paragraphs, lists, links, emphasis. */
export function renderMarkdown(source: string): string {
  return source
    .trim()
    .split(/\n{2,}/)
    .map((block) => renderBlock(block))
    .join('\n');
}
