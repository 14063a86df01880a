import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

/** A file that other computers fetch from this server, with what they check it by. */
export type ServedFile = {
  path: string;
  sha256: string;
  bytes: number;
  /** Made when first asked for: Node's takes some seconds, and shrinks to about a third. */
  gzip(): Promise<{ path: string; bytes: number }>;
};

export type NodeBinary = ServedFile & { version: string; arch: 'x64' | 'arm64' };

export type AgentFiles = {
  /** The whole agent in one file, which needs nothing but Node 24. */
  agent(): Promise<ServedFile>;
  /** The Node that runs this very server; null where it cannot serve another computer. */
  node(): Promise<NodeBinary | null>;
};

export type AgentFilesOptions = {
  cacheDir: string;
  /** The agent's program in this checkout. Only its path: no agent code runs in the server. */
  entryFile?: string;
  nodePath?: string;
};

const agentEntry = fileURLToPath(new URL('../../../agent/src/main.ts', import.meta.url));

/** Built at the first request and then kept; a file's name holds its content's hash, so a stale one is never served. */
export function agentFiles({
  cacheDir,
  entryFile = agentEntry,
  nodePath = process.execPath,
}: AgentFilesOptions): AgentFiles {
  return {
    agent: once(async () => {
      const code = await bundleAgent(entryFile);
      const sha256 = createHash('sha256').update(code).digest('hex');
      await mkdir(cacheDir, { recursive: true });
      const path = join(cacheDir, `agent-${sha256}.mjs`);
      await writeWhole(path, (temporary) => writeFile(temporary, code));
      await removeOthers(cacheDir, /^agent-[0-9a-f]{64}\.mjs(\.gz)?$/, basename(path));
      return servedFile(path, sha256, `${path}.gz`);
    }),
    node: once(async () => {
      const arch = process.arch;
      if (process.platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64') || needsSharedLibnode()) return null;
      const sha256 = await hashOf(nodePath);
      await mkdir(cacheDir, { recursive: true });
      const gzipPath = join(cacheDir, `node-${sha256}.gz`);
      await removeOthers(cacheDir, /^node-[0-9a-f]{64}\.gz$/, basename(gzipPath));
      return { ...(await servedFile(nodePath, sha256, gzipPath)), version: process.versions.node, arch };
    }),
  };
}

/** Distributions split Node into a small program and a library; the program alone would not start elsewhere. */
function needsSharedLibnode(): boolean {
  const variables = process.config.variables as unknown as Record<string, unknown>;
  return variables.node_shared === true || variables.node_shared === 'true';
}

async function bundleAgent(entryFile: string): Promise<Uint8Array> {
  const result = await build({
    entryPoints: [entryFile],
    // The same bytes wherever the server was started.
    absWorkingDir: dirname(entryFile),
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    legalComments: 'eof',
    logLevel: 'silent',
    // Packages in CommonJS call require() for Node's own modules, which an ES module does not have.
    banner: {
      js: [
        "import { createRequire as coopCreateRequire } from 'node:module';",
        "import { dirname as coopDirname } from 'node:path';",
        'const require = coopCreateRequire(import.meta.url);',
        'const __filename = import.meta.filename;',
        'const __dirname = coopDirname(__filename);',
      ].join('\n'),
    },
    // Native helpers of ws and ssh2, each loaded in a try: without them the JavaScript way is taken.
    external: ['bufferutil', 'utf-8-validate', 'cpu-features'],
    plugins: [withoutUnused],
  });
  return result.outputFiles[0]!.contents;
}

/**
 * What dockerode loads at its start for things that the agent never does: engines over SSH, and BuildKit sessions, which read
 * .proto files that one file cannot bring.
 */
const unused = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/;

const withoutUnused: Plugin = {
  name: 'without-unused',
  setup(setup) {
    setup.onResolve({ filter: unused }, ({ path }) => ({ path, namespace: 'unused' }));
    setup.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
  },
};

async function servedFile(path: string, sha256: string, gzipPath: string): Promise<ServedFile> {
  return {
    path,
    sha256,
    bytes: (await stat(path)).size,
    gzip: once(async () => {
      const made = await sizeIfThere(gzipPath);
      if (made !== null) return { path: gzipPath, bytes: made };
      await writeWhole(gzipPath, (temporary) =>
        pipeline(createReadStream(path), createGzip({ level: 6 }), createWriteStream(temporary)),
      );
      return { path: gzipPath, bytes: (await stat(gzipPath)).size };
    }),
  };
}

/** Those of earlier versions. */
async function removeOthers(cacheDir: string, ours: RegExp, keep: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (ours.test(name) && !name.startsWith(keep)) await rm(join(cacheDir, name), { force: true });
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function writeWhole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await write(temporary);
  await rename(temporary, path);
}

async function sizeIfThere(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}

/** A failure is not kept: the next request tries again. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}
