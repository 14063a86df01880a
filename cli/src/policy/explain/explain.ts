import { command } from '../../grammar.ts';
import { renderSideBySide } from '../../look/side-by-side.ts';
import { grouped, share, span } from '../values.ts';
import { findShown, type Shown } from '../shown.ts';
import { usd, type Answer } from './answer.ts';
import { feeAnswers, licenceAnswers, otherAnswers } from './money-answers.ts';
import { questionFlags, readQuestion, type Question } from './question.ts';
import { rewardAnswers } from './reward-answers.ts';
import { stakeAnswers } from './stake-answers.ts';

export const explain = command({
  about: 'What the rules mean for one machine, with numbers put in',
  details: 'All machines of the network are taken to be like the one that is asked about; what is assumed is said.',
  examples: [
    ['coop policy explain "8 H100 among 5000 machines"', 'In the two networks and in ours.'],
    ['coop policy explain --gpu rtx-4090 --machines 300 --policy my.yml', 'In my own.'],
  ],
  positionals: [{ name: 'QUESTION', about: 'As "8 H100 among 5000 machines"; flags say more', optional: true }],
  flags: {
    policy: { type: 'string', value: 'POLICY', about: 'Only in this one', multiple: true },
    ...questionFlags,
  },
  run: async (input) => {
    const { terminal, args, flags } = input;
    const question = readQuestion(args[0], flags);
    const names = flags.policy.length > 0 ? flags.policy : ['ionet', 'aethir', 'standby'];
    const shown: Shown[] = [];
    for (const name of names) shown.push(await findShown(name, input));
    const answers = shown.map(({ policy, hash }) => ({
      policy: policy.name,
      hash,
      answers: answersOf({ policy }, question),
    }));
    if (terminal.json) return terminal.printJson({ question: asJson(question), answers });
    const { look, width } = terminal;
    terminal.print(`${look.bold(inWords(question))}\n${look.dim(assumptions(question, shown))}`);
    const sections = answers.map(({ policy, answers: lines }) => ({
      title: policy,
      lines: lines.map(({ title, value, formula }) => ({
        title,
        cells: [{ text: value }, { text: formula, style: look.dim }],
      })),
    }));
    terminal.print(`\n${renderSideBySide([{ title: '' }, { title: '' }], sections, look, width)}`);
  },
});

export function answersOf({ policy }: Pick<Shown, 'policy'>, question: Question): Answer[] {
  return [stakeAnswers, rewardAnswers, feeAnswers, licenceAnswers, otherAnswers].flatMap((answer) =>
    answer(policy, question),
  );
}

const inWords = ({ class: slug, devices, machines }: Question): string =>
  `${devices} × ${slug} among ${grouped(String(machines))} machines like it`;

function assumptions({ assumed, ...question }: Question, shown: readonly Shown[]): string {
  const prices = shown
    .filter(({ policy }) => policy.token !== null)
    .map(({ policy }) => `1 ${policy.token!.symbol} = ${usd(question.tokenMicros(policy.name))}`);
  return [
    `${share(question.rentedPpm)} rented, ${usd(question.askMicrosPerHour)} a device and hour, ${span(question.at_s)} after the start`,
    `${prices.join(', ')}, 1 ETH = ${usd(question.etherMicros)}`,
    ...(assumed.length === 0 ? [] : [`assumed, since not said: ${assumed.join('; ')}`]),
  ].join('\n');
}

const asJson = ({ tokenMicros: _price, askMicrosPerHour, etherMicros, ...rest }: Question) => ({
  ...rest,
  ask_micros_per_hour: Number(askMicrosPerHour),
  ether_micros: Number(etherMicros),
});
