import { contractParameters } from '@gpucoop/policy/contract-parameters.ts';
import { policyJson, policyText } from '@gpucoop/policy/policy.ts';
import { readPolicyFile } from '@gpucoop/policy/policy-file.ts';
import { presets } from '@gpucoop/policy/presets/presets.ts';
import { dangersOf } from '@gpucoop/policy/unsafe.ts';
import { command, type Group } from '../grammar.ts';
import { explain } from './explain/explain.ts';
import { compare } from './compare.ts';
import { renderChecked } from './checked.ts';
import { renderOne, renderTwo } from './render.ts';
import { isTable } from './rows/rows.ts';
import { findShown, policyArgument, readText, type Shown } from './shown.ts';

const DEFAULT = 'standby';

const show = command({
  about: 'The economic rules, line by line, each with its source',
  details: 'Without a name, those of the network that you are logged in to.',
  examples: [
    ['coop policy show', 'the running network’s'],
    ['coop policy show ionet', 'what io.net published, with the source of every number'],
    ['coop policy show standby --json', 'the policy as a file begins: take .policy out of it'],
  ],
  positionals: [{ ...policyArgument, optional: true }],
  flags: {
    contracts: {
      type: 'boolean',
      about: 'What its contracts are deployed with instead, as JSON; times count from the start',
    },
  },
  run: async (input) => {
    const { terminal, args, flags } = input;
    const shown = await findShown(args[0], input);
    if (flags['contracts']) {
      const parameters = contractParameters(shown.policy, { start: 0n, saleOpens: 0n });
      return terminal.print(JSON.stringify(parameters, bigintsAsText, terminal.json ? 0 : 2));
    }
    if (terminal.json)
      return terminal.printJson({ hash: shown.hash, policy: policyJson(shown.policy), sources: shown.sources });
    const { policy, hash } = shown;
    terminal.print(
      `${terminal.look.bold(policy.name)}  for a ${policy.network} network\n${policy.about}\nhash ${hash}\n`,
    );
    terminal.print(renderOne(policy.name, compare([shown]), terminal.look, terminal.width));
  },
});

const diff = command({
  about: 'Two policies side by side, and what Coop’s default does instead',
  details: 'Every line says what kind of source each value has: published, code, reported, derived, assumed or ours.',
  examples: [
    ['coop policy diff ionet aethir', 'The two networks and ours.'],
    ['coop policy diff my.yml --changed', 'My own rules against the default, only what differs.'],
  ],
  positionals: [
    { ...policyArgument, name: 'A' },
    { ...policyArgument, name: 'B', optional: true },
  ],
  flags: {
    all: { type: 'boolean', about: 'Every class of devices and every tier of the sale, too' },
    changed: { type: 'boolean', about: 'Only the lines on which the two differ' },
    sources: { type: 'boolean', about: 'The whole source under every value' },
  },
  run: async (input) => {
    const { terminal, args, flags } = input;
    const two = [await findShown(args[0], input), await findShown(args[1] ?? DEFAULT, input)] as const;
    const fallback: Shown[] = two.some(({ policy }) => policy.name === DEFAULT)
      ? []
      : [await findShown(DEFAULT, input)];
    const sides = [...two, ...fallback];
    const all = compare(sides);
    const wanted = flags['all'] || terminal.json ? all : all.filter((line) => !isTable(line));
    const lines = wanted.filter(({ same }) => !flags['changed'] || !same);
    const names = sides.map(({ policy }) => policy.name);
    if (terminal.json)
      return terminal.printJson({ policies: sides.map(({ policy, hash }) => ({ name: policy.name, hash })), lines });
    for (const { policy } of two) if (policy.about !== '') terminal.print(terminal.look.dim(policy.about));
    const { look, width } = terminal;
    terminal.print(`\n${renderTwo(names, lines, { sources: flags['sources'] === true, look, width })}`);
    const same = all.filter((line) => line.same).length;
    const hidden = all.length - wanted.length;
    const tables =
      hidden === 0 ? '' : ` ${hidden} of them, the classes of devices and the tiers of the sale, are shown by --all.`;
    terminal.print(`\n${all.length} lines: ${same} the same, ${all.length - same} different.${tables}`);
  },
});

const hash = command({
  about: 'The hash of a policy, as it stands on quotes and on chain',
  examples: [['coop policy hash my.yml --text | sha256sum', 'the same by other means']],
  positionals: [policyArgument],
  flags: { text: { type: 'boolean', about: 'Print the text that is hashed instead: canonical JSON (RFC 8785)' } },
  run: async (input) => {
    const { terminal, args, flags } = input;
    const shown = await findShown(args[0], input);
    if (flags['text']) return void terminal.stdout.write(policyText(shown.policy));
    if (terminal.json) return terminal.printJson({ hash: shown.hash, bytes32: `0x${shown.hash}` });
    terminal.print(shown.hash);
  },
});

const check = command({
  about: 'Look whether a policy is whole and safe',
  details:
    'A file that is wrong is refused with line and column. Rules that are each possible and together let somebody take what is not his are refused too; warnings are let through.',
  examples: [['coop policy check my.yml', 'before it comes into force']],
  positionals: [policyArgument],
  flags: {},
  run: async ({ terminal, args: [nameOrFile = ''] }) => {
    const preset = presets[nameOrFile];
    const { policy, at } =
      preset === undefined ? readPolicyFile(await readText(nameOrFile)) : { ...preset, at: undefined };
    const dangers = dangersOf(policy).map((danger) => ({ ...danger, at: at?.(danger.path) ?? nameOrFile }));
    const refused = dangers.some(({ severity }) => severity === 'error');
    if (terminal.json) terminal.printJson({ safe: !refused, name: policy.name, dangers });
    else terminal.print(renderChecked(policy.name, dangers, terminal.look));
    return refused ? 1 : 0;
  },
});

const bigintsAsText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

export const policy: Group = {
  about: 'The economic rules of networks',
  commands: { show, diff, hash, check, explain },
};
