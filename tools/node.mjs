// Runs a TypeScript program of this repository: `node tools/node.mjs tools/check.ts --flag`. It is plain JavaScript, so that an
// older Node can say what is missing instead of "unknown file extension".
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  process.stderr.write(
    `error  This needs Node ${NEEDED} or newer; this is Node ${process.versions.node}.\n` +
      ` hint  Run it through npm after "npm ci": on x64 Linux that brings its own Node. Elsewhere install Node ${NEEDED} from https://nodejs.org.\n`,
  );
  process.exit(1);
}
process.argv.splice(1, 1);
await import(pathToFileURL(resolve(process.argv[1])).href);
