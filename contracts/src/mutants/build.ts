import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { contractsRoot } from '../artifacts.ts';

/** What the runner reads of each contract, by its path among the artifacts. */
export type Built = Map<string, string>;
/** Sources that stand in place of what is on the disk. */
type Instead = Readonly<Record<string, string>>;

type Compiler = { compile(input: string, callbacks: { import(path: string): { contents: string } }): string };
type Compiled = { abi: unknown; evm: { bytecode: { object: string }; deployedBytecode: { object: string } } };
type Output = {
  errors?: { severity: string; formattedMessage: string }[];
  sources: Record<string, { ast: unknown }>;
  contracts?: Record<string, Record<string, Compiled>>;
};

// Loaded once: its first build takes several times as long as the others.
const compiler = createRequire(import.meta.url)('solc') as Compiler;

/** The compiler's syntax tree of one file. */
export function treeOf(file: string, instead: Instead = {}): unknown {
  return run([file], instead, ['ast'], '').sources[file]!.ast;
}

export function build(files: string[], instead: Instead = {}): Built {
  const { contracts = {} } = run(files, instead, ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'], '*');
  const built: Built = new Map();
  for (const [file, ofFile] of Object.entries(contracts)) {
    for (const [name, contract] of Object.entries(ofFile)) {
      built.set(join(file, `${name}.json`), artifactOf(file, name, contract));
    }
  }
  return built;
}

export function place(built: Built, folder: string): void {
  for (const [path, artifact] of built) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), artifact);
  }
}

/** Nothing is optimised, which is quicker and leaves a constant what it is, in 32 bytes, wherever it is used. */
function run(files: string[], instead: Instead, wanted: string[], contracts: string): Output {
  const read = (path: string): string =>
    instead[path] ?? readFileSync(join(contractsRoot, path.startsWith('@') ? '../node_modules' : '.', path), 'utf8');
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(files.map((file) => [file, { content: read(file) }])),
    settings: {
      evmVersion: 'cancun',
      outputSelection: Object.fromEntries(files.map((file) => [file, { [contracts]: wanted }])),
    },
  };
  const callbacks = { import: (path: string) => ({ contents: read(path) }) };
  const output = JSON.parse(compiler.compile(JSON.stringify(input), callbacks)) as Output;
  const error = output.errors?.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw new Error(error.formattedMessage);
  return output;
}

function artifactOf(file: string, name: string, { abi, evm }: Compiled): string {
  return JSON.stringify({
    _format: 'hh3-artifact-1',
    contractName: name,
    sourceName: file,
    buildInfoId: 'solc-0_8_37-0',
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    linkReferences: {},
    deployedLinkReferences: {},
  });
}
