import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { read, root } from './sources.ts';

/** Links of a Markdown page within the repository: the path from its root, and the heading after `#`. */
export type PageLink = { text: string; path: string; heading: string | undefined };

export function linksOf(page: string): PageLink[] {
  const text = withoutCode(read(page));
  const targets = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(
    (match) => match[1] ?? match[2]!,
  );
  return targets
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
    .map((target) => {
      const [file = '', heading] = decodeURI(target).split('#');
      const path = file === '' ? page : normalize(join(dirname(page), file));
      return { text: target, path, heading };
    });
}

/** Why a link leads nowhere; undefined when it leads somewhere. */
export function deadLink(link: PageLink): string | undefined {
  if (!existsSync(join(root, link.path))) return 'no such file';
  if (link.heading === undefined || !link.path.endsWith('.md')) return undefined;
  return headingsOf(link.path).has(link.heading) ? undefined : 'no such heading';
}

/** Headings as GitHub makes anchors of them. */
function headingsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutCode(read(page)).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const anchor = heading!
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

function withoutCode(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()#]/g, ' '));
}
