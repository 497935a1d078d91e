import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml, renderMarkdown } from './render-markdown.ts';

// Renders content/*.md to dist/*.html with the shop's brand. Fails when a page links to one that isn't there.

interface Brand {
  name: string;
  tagline: string;
  accent: string;
}

function layOut(brand: Brand, markdown: string, version: string): string {
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? brand.name;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · ${escapeHtml(brand.name)}</title>
<style>:root { --accent: ${escapeHtml(brand.accent)} }</style>
<link rel="stylesheet" href="style.css">
</head>
<body>
<header><strong>${escapeHtml(brand.name)}</strong> ${escapeHtml(brand.tagline)}</header>
<main>
${renderMarkdown(markdown)}
</main>
<footer>Site ${escapeHtml(version)}</footer>
</body>
</html>
`;
}

function deadLinks(pages: ReadonlyMap<string, string>): string[] {
  return [...pages].flatMap(([name, html]) =>
    [...html.matchAll(/<a href="([^":]+)"/g)]
      .map((link) => link[1] as string)
      .filter((target) => !pages.has(target))
      .map((target) => `${name} links to ${target}, which is not there`),
  );
}

function build(): void {
  const brand = JSON.parse(readFileSync('../../shared/brand.json', 'utf8')) as Brand;
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const sources = readdirSync('content').filter((file) => file.endsWith('.md'));
  const pages = new Map(
    sources.map((file) => [
      file.replace(/\.md$/, '.html'),
      layOut(brand, readFileSync(join('content', file), 'utf8'), version),
    ]),
  );
  const dead = deadLinks(pages);
  if (dead.length > 0) throw new Error(dead.join('\n'));
  rmSync('dist', { recursive: true, force: true });
  mkdirSync('dist');
  cpSync('assets', 'dist', { recursive: true });
  for (const [name, html] of pages) writeFileSync(join('dist', name), html);
  console.log(`shop-marketing ${version}: rendered ${pages.size} pages`);
}

try {
  build();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
