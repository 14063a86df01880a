import { aethirYear } from './aethir.ts';
import { ionetYear } from './ionet.ts';
import { playYear } from './play.ts';
import { standbyYear } from './standby.ts';

/** `npm run year -- ionet|aethir|standby`: a year of a network by its policy, on a real EVM node. Fails where chain and policy differ. */
const years = { ionet: ionetYear, aethir: aethirYear, standby: standbyYear };

const [name = ''] = process.argv.slice(2);
const year = Object.hasOwn(years, name) ? years[name as keyof typeof years] : undefined;
if (year === undefined) {
  process.stderr.write(`usage: npm run year -- ${Object.keys(years).join('|')}\n`);
  process.exitCode = 2;
} else {
  await playYear(year, year.epochs, (text) => process.stdout.write(text)).catch((thrown: unknown) => {
    process.stderr.write(`\n${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    process.exitCode = 1;
  });
}
