import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { clone } from './clone.ts';
import { firstLog } from './first-log.ts';
import { gpu } from './gpu.ts';
import { ledger } from './ledger.ts';
import { gas } from './gas.ts';
import { describeLoad, describeMachine } from './machine.ts';
import { merkle } from './merkle.ts';
import { proof } from './proof.ts';
import { proofAttacks } from './proof/attacks.ts';
import { proofRelay } from './proof/relay.ts';
import { proofSharding } from './proof/sharding.ts';
import { quotes } from './quotes.ts';
import { rewards } from './rewards.ts';
import { table } from './table.ts';

/** `npm run bench -- [NAME…] [--out DIR] [--quick]`: each prints a table with the machine and the date; --out keeps JSON of it. */

const benches: readonly Bench[] = [
  firstLog,
  quotes,
  ledger,
  clone,
  proof,
  proofAttacks,
  proofRelay,
  proofSharding,
  gpu,
  gas,
  rewards,
  merkle,
];
const usage = `npm run bench -- [NAME…] [--out DIR] [--quick]

${table(benches.map(({ name, what }) => ({ bench: name, 'what it measures': what })))}
`;

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const unknown = positionals.find((name) => !benches.some((bench) => bench.name === name));
if (values.help || unknown !== undefined) {
  if (unknown !== undefined) console.error(`error  there is no bench ${unknown}\n`);
  console.log(usage);
  process.exit(unknown === undefined ? 0 : 2);
}

const machine = await describeMachine();
console.log(table([machine]));
for (const bench of benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const at = new Date();
  const before = describeLoad();
  console.log(`\n${bench.name}: ${bench.what}\n${at.toISOString()}, load ${before}`);
  const { rows, json } = await bench.run({ quick: values.quick, say: (line) => console.log(`  ${line}`) });
  const load = { before, after: describeLoad() };
  console.log(`${table(rows)}\nload after: ${load.after}`);
  if (values.out === undefined) continue;
  await mkdir(values.out, { recursive: true });
  const file = join(values.out, `${bench.name}.json`);
  await writeFile(
    file,
    `${JSON.stringify({ bench: bench.name, at, quick: values.quick, machine, load, rows, ...(json as object) }, null, 2)}\n`,
  );
  console.log(`written to ${file}`);
}
