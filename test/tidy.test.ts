import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  entryPoints,
  LINES_MAX,
  longFiles,
  moneyFolders,
  moneyTables,
  onlyForTests,
  packageOwners,
  rooms,
  serverGround,
  serverRooms,
} from './tidy/layout.ts';
import { deadLink, linksOf } from './tidy/pages.ts';
import { filesNamedIn, importsOf, isFile, ourFiles, read, root, withoutComments } from './tidy/sources.ts';

/** Checks on the code itself. Each collects what is wrong as `file: what`, so that one run shows all of it. */

const files = ourFiles();
const code = files.filter((path) => /\.(?:ts|mjs)$/.test(path)).map((path) => ({ path, text: read(path) }));
const pages = files.filter((path) => path.endsWith('.md'));
const isTest = (path: string) => /\.test\.ts$|\/testing\/|^test\//.test(path) || path in onlyForTests;
const roomOf = (path: string) => path.split('/')[0]!;
const packageOf = (specifier: string) => /^(?:@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[0] ?? specifier;

describe('who imports whom', () => {
  test('a room imports only the rooms that the table allows', () => {
    const wrong = code.flatMap(({ path, text }) => {
      const rule = rooms[roomOf(path)];
      if (rule === undefined) return [];
      const allowed = new Set([roomOf(path), ...rule.rooms, ...(isTest(path) ? ['test'] : [])]);
      return importsOf(path, text)
        .filter(({ target }) => target !== undefined && roomOf(target) in rooms && !allowed.has(roomOf(target)))
        .map(({ specifier }) => `${path}: ${specifier}`);
    });
    expect(wrong).toEqual([]);
  });

  test('another room is imported by its package name, one’s own by a relative path', () => {
    const wrong = code.flatMap(({ path, text }) =>
      importsOf(path, text)
        .filter(({ specifier, target }) => {
          if (target === undefined || roomOf(target) === 'test') return false;
          return specifier.startsWith('.') !== (roomOf(target) === roomOf(path));
        })
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('what is imported is there', () => {
    const wrong = code.flatMap(({ path, text }) =>
      importsOf(path, text)
        .filter(({ target }) => target !== undefined && !isFile(target))
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('pure rooms have no clock, random, network or disk, and few packages', () => {
    const effects =
      /\b(?:Date\.now|performance\.now|new Date\(\)|Math\.random|fetch\(|setTimeout|setInterval|randomUUID)/;
    const wrong = code.flatMap(({ path, text }) => {
      const { pure, effects: withEffects = [] } = rooms[roomOf(path)] ?? {};
      if (pure === undefined || isTest(path) || withEffects.some((folder) => path.startsWith(folder))) return [];
      const effect = effects.exec(withoutComments(text))?.[0];
      const packages = importsOf(path, text).filter(
        ({ specifier, target }) => target === undefined && !pure.includes(packageOf(specifier)),
      );
      return [...(effect === undefined ? [] : [effect]), ...packages.map(({ specifier }) => specifier)].map(
        (what) => `${path}: ${what}`,
      );
    });
    expect(wrong).toEqual([]);
  });

  test('a room of the server imports only rooms below it', () => {
    const levels = serverRooms as readonly string[];
    const ground = serverGround as readonly string[];
    const wrong = code
      .filter(({ path }) => path.startsWith('server/src/') && !isTest(path) && levels.includes(path.split('/')[2]!))
      .flatMap(({ path, text }) => {
        const level = levels.indexOf(path.split('/')[2]!);
        return importsOf(path, text)
          .filter(({ target }) => {
            if (!target?.startsWith('server/src/')) return false;
            const first = target.split('/')[2]!;
            return !ground.includes(first) && !(levels.includes(first) && levels.indexOf(first) <= level);
          })
          .map(({ specifier }) => `${path}: ${specifier}`);
      });
    expect(wrong).toEqual([]);
  });

  test('every folder of the server has its level', () => {
    const folders = new Set(
      code.filter(({ path }) => /^server\/src\/[^/]+\//.test(path)).map(({ path }) => path.split('/')[2]!),
    );
    expect([...folders].filter((folder) => !(serverRooms as readonly string[]).includes(folder))).toEqual([]);
  });

  test('a package stays in the folder that owns it', () => {
    const wrong = code.flatMap(({ path, text }) =>
      importsOf(path, text)
        .filter(({ specifier, target }) => {
          const folders = target === undefined ? packageOwners[packageOf(specifier)] : undefined;
          return folders !== undefined && !folders.some((folder) => path.startsWith(folder));
        })
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only the ledger names the tables of money', () => {
    const tables = moneyTables.join('|');
    const naming = new RegExp(
      String.raw`\b(?:from|into|update|join|truncate|table)\s+(?:${tables})\b|\(\s*['"](?:${tables})(?: as \w+)?['"]`,
      'i',
    );
    const wrong = code
      .filter(({ path }) => !isTest(path) && !moneyFolders.some((folder) => path.startsWith(folder)))
      .filter(({ text }) => naming.test(withoutComments(text)))
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  test('no program imports what only tests have', () => {
    const wrong = code
      .filter(
        ({ path }) =>
          !isTest(path) && !path.startsWith('tools/') && !path.startsWith('bench/') && path !== 'vitest.config.ts',
      )
      .flatMap(({ path, text }) =>
        importsOf(path, text)
          .filter(
            ({ specifier, target }) =>
              /^(?:vitest|fast-check)/.test(specifier) || (target !== undefined && isTest(target)),
          )
          .map(({ specifier }) => `${path}: ${specifier}`),
      );
    expect(wrong).toEqual([]);
  });
});

describe('every file has a use and a size', () => {
  test('no file is an orphan, or lives only for its own test', () => {
    const used = new Set(
      code.flatMap(({ path, text }) => {
        const named = [...importsOf(path, text).map(({ target }) => target), ...filesNamedIn(path, text)];
        return named.filter((target): target is string => target !== undefined && (!isTest(path) || isTest(target)));
      }),
    );
    const wrong = code
      .map(({ path }) => path)
      .filter((path) => path.endsWith('.ts') && !used.has(path))
      .filter((path) => !entryPoints.some((entry) => (typeof entry === 'string' ? entry === path : entry.test(path))));
    expect(wrong).toEqual([]);
  });

  test('no workspace is empty', () => {
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
    const wrong = workspaces.filter(
      (room) => !code.some(({ path, text }) => path.startsWith(`${room}/`) && text.trim() !== ''),
    );
    expect(wrong).toEqual([]);
  });

  test('the lockfile names no engines', () => {
    // npm runs under whatever Node the machine has, and skips optional packages that name a newer one; ours run under the Node we bring.
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { engines?: unknown }> };
    const naming = Object.keys(packages).filter((path) => path.includes('node_modules/') && packages[path]!.engines);
    expect(naming, 'npm run lock takes them out').toEqual([]);
  });

  test('whether a package may run its install script is said for each that has one', () => {
    // npm 11 warns at every install of those that nothing is said of.
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };
    const having = Object.keys(packages).filter((path) => packages[path]!.hasInstallScript === true);
    const names = having.map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect([...new Set(names)].sort()).toEqual(Object.keys(allowScripts).sort());
  });

  test(`a file of more than ${LINES_MAX} lines has a reason`, () => {
    const long = files.filter(
      (path) => /\.(?:ts|mjs|js|sh|sql)$/.test(path) && read(path).split('\n').length - 1 > LINES_MAX,
    );
    expect(long.filter((path) => !(path in longFiles))).toEqual([]);
    expect(Object.keys({ ...longFiles, ...onlyForTests }).filter((path) => !isFile(path))).toEqual([]);
  });

  test('no file is named for holding everything', () => {
    const vague = /(?:^|\/)(?:utils?|helpers?|common|misc|shared|manager|index)(?:\.\w+)?(?:\/|$)/i;
    expect(files.filter((path) => vague.test(path))).toEqual([]);
  });

  test('each shape of the wire is described once, under its own name', () => {
    const shapes = code
      .filter(({ path }) => !isTest(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\.(?:meta|openapi)\(\s*\{\s*id:\s*'(\w+)'/g)].map(([, id]) => ({ path, id: id! })),
      );
    expect(shapes.length).toBeGreaterThan(10);
    const twice = shapes.filter(({ id }, position) => shapes.findIndex((shape) => shape.id === id) !== position);
    expect(twice.map(({ path, id }) => `${path}: ${id}`)).toEqual([]);
    const misnamed = shapes.filter(({ path, id }) => !new RegExp(`export const ${id}\\b`).test(read(path)));
    expect(misnamed.map(({ path, id }) => `${path}: ${id}`)).toEqual([]);
  });
});

describe('words', () => {
  const text = files
    .filter((path) => !/\.(?:png|jpg|ico|gz|bin|woff2?)$|(?:^|\/)package-lock\.json$/.test(path))
    .map((path) => ({ path, text: read(path) }));

  test('nothing is left to do', () => {
    const marks = new RegExp(String.raw`\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\b`);
    const wrong = text.flatMap(({ path, text: body }) => linesWith(body, marks).map((line) => `${path}:${line}`));
    expect(wrong).toEqual([]);
  });

  test('no path of one machine is written down', () => {
    // The checkout's own path and what lies beside it, wherever that is; outside tests and samples also the homes of people.
    const parent = dirname(root);
    const beside = parent === '/' ? [root] : readdirSync(parent).map((name) => join(parent, name));
    const paths = beside
      .filter((path) => path.split('/').length > 2)
      .map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    const own = new RegExp(`(?<![\\w.-])(?:${paths.join('|')})(?![\\w-])`);
    const home = /(?<![\w.-])(?:\/home\/(?!coop\b|renter\b|user\b|you\b)\w+|\/Users\/\w+)\//;
    const wrong = text.flatMap(({ path, text: body }) => {
      const isSample = isTest(path) || path.includes('/fixtures/');
      const lines = [...linesWith(body, own), ...(isSample ? [] : linesWith(body, home))];
      return lines.map((line) => `${path}:${line}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('pages', () => {
  test('no link leads nowhere', () => {
    const wrong = pages.flatMap((page) =>
      linksOf(page).flatMap((link) => {
        const reason = deadLink(link);
        return reason === undefined ? [] : [`${page}: ${link.text} (${reason})`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('every page of the documentation is linked from another page, itself or by its folder', () => {
    const linked = new Set(pages.flatMap((page) => linksOf(page).flatMap(({ path }) => (path === page ? [] : [path]))));
    const isLinked = (page: string) => linked.has(page) || linked.has(dirname(page)) || linked.has(`${dirname(page)}/`);
    expect(pages.filter((page) => page.startsWith('docs/') && !isLinked(page))).toEqual([]);
  });
});

function linesWith(text: string, pattern: RegExp): number[] {
  return text.split('\n').flatMap((line, position) => (pattern.test(line) ? [position + 1] : []));
}
