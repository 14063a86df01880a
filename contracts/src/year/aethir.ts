import { ceilingRoundedDown } from '@gpucoop/policy/emission.ts';
import { aethir } from '@gpucoop/policy/presets/aethir.ts';
import { taskRewards, uptimeBonus } from '@gpucoop/policy/reward-task.ts';
import type { RewardRuleOf } from '@gpucoop/policy/schema/rewards.ts';
import { vestedRoundedDown } from '@gpucoop/policy/vesting.ts';
import { LOCKED_UNTIL, playSale, SALE, SALE_END } from './aethir-sale.ts';
import { claim, finalise, fundPoster, type FinalRoot } from './epochs.ts';
import type { Sale } from './licence-sale.ts';
import { openNetwork, type Network } from './network.ts';
import { balanceOf, type Stage } from './stage.ts';
import { dateOf, type Teller } from './teller.ts';

const { policy } = aethir;
const DAY_S = 86_400n;
const HOUR_S = 3600n;
const EPOCH_DAYS = 7n;
/** Of the token, and with it of the emission: four days after Aethir's own, since here no licence earns while it can be given back. */
const START = SALE_END;

const checkers = policy.rewards.checkers as RewardRuleOf<'task'>;
const bonus = policy.rewards.checker_bonus as RewardRuleOf<'uptime_bonus'>;
const curves = policy.emission!.pools;
const vesting = policy.claims!.vesting.checkers!;

/** Who has how many licences when rewards begin, and how many checks of ten each of them answers rightly. */
const owners = [
  { name: 'Kim', licences: 5, operator: true, right: 10n },
  { name: 'Lee', licences: 3, operator: false, right: 7n },
  { name: 'Omar', licences: 5, operator: false, right: 9n },
  { name: 'Quinn', licences: 3, operator: false, right: 8n },
  { name: 'Pia', licences: 12, operator: true, right: 10n },
] as const;
/** One entry a licence. */
const licensees = owners.flatMap((owner) => Array.from({ length: owner.licences }, () => owner));

/** Sixteen months of a network by Aethir's published rules: from the sale until licences may change hands, or a year of rewards is over. */
export const aethirYear = {
  startsAt: SALE - HOUR_S,
  epochs: 52,

  async play(stage: Stage, teller: Teller, epochs: number): Promise<void> {
    const network = await openNetwork(stage, {
      policy,
      start: START,
      saleOpensAt: SALE,
      rewards: 'checkers',
      holders: { ecosystem: 'foundation' },
    });
    const sale = await playSale(stage, teller, network);
    await playDelegation(stage, teller, sale);
    const { books, inRewards } = await playRewards(stage, teller, network, epochs);
    await playTransfer(stage, teller, sale);
    await close(stage, teller, network, { books, inRewards });
  },
};

async function playDelegation(stage: Stage, teller: Teller, sale: Sale): Promise<void> {
  teller.act(
    'Delegation',
    `Kim and Pia run no checker. They name Tess as their operator. Aethir's operators ask for nothing on chain, and its policy lets them state no
    commission: Tess is refused with one. She never touches a reward.`,
  );
  await stage.refused('CommissionAboveMaximum', 'Tess', sale.delegation, 'setCommission', [1]);
  await stage.send('Tess', sale.delegation, 'setCommission', [0]);
  await stage.send('Tess', sale.delegation, 'setOpen', [true]);
  const expiry = (await stage.now()) + BigInt(policy.licences!.delegation.longest_s) - DAY_S;
  for (const { name, licences, operator } of owners) {
    if (!operator) continue;
    const first = sale.firstOf.get(name)!;
    const ids = Array.from({ length: licences }, (_, n) => first + BigInt(n));
    await stage.send(name, sale.delegation, 'delegate', [ids, stage.person('Tess').address, 0, expiry]);
    const run = await Promise.all(ids.map((one) => operatorOf(stage, sale, one)));
    const count = run.filter((by) => by === stage.person('Tess').address).length;
    teller.agree(
      `${name}'s, run by Tess`,
      { chain: BigInt(count), policy: BigInt(licences) },
      { name: 'licences', decimals: 0 },
    );
  }
}

async function playRewards(stage: Stage, teller: Teller, network: Network, epochs: number) {
  const { emission, rewards } = network.contracts;
  teller.act(
    'Rewards: each day by correct answers',
    `Every day a four-years' part of 10 % of the supply is divided by correct answers, and every quarter a part of 5 % by what each got of
    the first. One root stands for a week. The crowd answers nothing and gets nothing. Whoever claims opens a position that vests: nothing before thirty days, 25 % then, and in a
    straight line to all after 180. Lee claims the first root and takes after thirty days; Omar claims it too and waits for 180.
    What is given up is burnt; at Aethir it went back to the pool.`,
  );
  const books = new Map<string, bigint>();
  const foundation = ceilingRoundedDown(curves.ecosystem!, 0n);
  await stage.send('foundation', emission, 'release', [network.poolNumber('ecosystem'), foundation]);
  const bond = await fundPoster(stage, network);
  books.set('foundation', foundation - bond);
  books.set('poster', bond);

  const total = new Map<string, bigint>(owners.map(({ name }) => [name, 0n]));
  const earn = (licence: number, amount: bigint): void => {
    const { name } = licensees[licence]!;
    total.set(name, total.get(name)! + amount);
  };
  let [granted, quarters] = [0n, 0];
  let ofQuarter = licensees.map(() => 0n);
  const positions: Position[] = [];
  let root: FinalRoot | undefined;
  for (let epoch = 1; epoch <= epochs; epoch += 1) {
    const grants = { [checkers.pool]: 0n, [bonus.pool]: 0n };
    for (let day = BigInt(epoch - 1) * EPOCH_DAYS; day < BigInt(epoch) * EPOCH_DAYS; day += 1n) {
      const released = between(checkers.pool, day * DAY_S, (day + 1n) * DAY_S);
      grants[checkers.pool]! += released;
      const { parts } = taskRewards(
        released,
        licensees.map(({ right }) => right),
      );
      for (const [n, part] of parts.entries()) earn(n, part);
      ofQuarter = ofQuarter.map((sum, n) => sum + parts[n]!);
      if (((day + 1n) * DAY_S) / BigInt(bonus.epoch_s) === BigInt(quarters)) continue;
      quarters += 1;
      const amount = between(bonus.pool, BigInt((quarters - 1) * bonus.epoch_s), BigInt(quarters * bonus.epoch_s));
      grants[bonus.pool]! += amount;
      const licences = ofQuarter.map((base) => ({ base, up_s: 1n, period_s: 1n }));
      for (const [n, part] of uptimeBonus(bonus, amount, quarters, licences).parts.entries()) earn(n, part);
      ofQuarter = licensees.map(() => 0n);
    }
    granted += grants[checkers.pool]! + grants[bonus.pool]!;
    const end = START + BigInt(epoch) * EPOCH_DAYS * DAY_S;
    if ((await stage.now()) < end) await stage.travelTo(end);
    root = await finalise(stage, network, { earned: total, grants });
    const [inAll] = await stage.read<bigint[]>(rewards, 'totals');
    if (epoch % 4 === 0)
      teller.agree(
        `week ${String(epoch).padStart(2)}, to ${dateOf(end)}: granted so far`,
        { chain: inAll!, policy: granted },
        network.token,
      );
    if (epoch === 1) {
      for (const name of ['Lee', 'Omar']) {
        const since = await claim(stage, network, root, name);
        positions.push({ name, since, amount: total.get(name)! });
      }
    }
    if (epoch === 5) await takeEarly(stage, teller, network, positions[0]!, books);
  }
  await takeAll(stage, teller, network, positions[1]!, books);
  for (const name of ['Kim', 'Quinn']) {
    const since = await claim(stage, network, root!, name);
    const held = await stage.read(rewards, 'positionOf', [stage.person(name).address, since]);
    teller.agree(
      `${name} claims everything so far, which now vests`,
      { chain: held, policy: total.get(name)! },
      network.token,
    );
  }
  return { books, inRewards: granted - positions.reduce((sum, { amount }) => sum + amount, 0n) };
}

type Position = { name: string; since: bigint; amount: bigint };

async function takeEarly(
  stage: Stage,
  teller: Teller,
  network: Network,
  { name, since, amount }: Position,
  books: Map<string, bigint>,
): Promise<void> {
  const { rewards, token } = network.contracts;
  const end = since + 30n * DAY_S;
  if ((await stage.now()) < end - 1n) await stage.travelTo(end - 1n); // the next block is a second later
  const { at } = await stage.send(name, rewards, 'take', [since, amount, stage.person(name).address]);
  const paid = vestedRoundedDown(vesting, amount, at - since);
  teller.agree(
    `${name} takes after ${(at - since) / DAY_S} days, paid`,
    { chain: await balanceOf(stage, token, stage.person(name).address), policy: paid },
    network.token,
  );
  const minted = await stage.read(token, 'minted');
  const burnt = minted - (await stage.read(token, 'totalSupply'));
  teller.agree('and burnt', { chain: burnt, policy: amount - paid }, network.token);
  books.set(name, paid);
  books.set('burnt', amount - paid);
}

async function takeAll(
  stage: Stage,
  teller: Teller,
  network: Network,
  { name, since, amount }: Position,
  books: Map<string, bigint>,
): Promise<void> {
  const { rewards, token } = network.contracts;
  const end = since + 180n * DAY_S;
  if ((await stage.now()) < end) await stage.travelTo(end);
  await stage.send(name, rewards, 'take', [since, amount, stage.person(name).address]);
  const paid = await balanceOf(stage, token, stage.person(name).address);
  teller.agree(`${name} takes after 180 days, all of his claim`, { chain: paid, policy: amount }, network.token);
  books.set(name, amount);
}

async function playTransfer(stage: Stage, teller: Teller, sale: Sale): Promise<void> {
  teller.act(
    'A licence changes hands',
    `Licences are locked until ${dateOf(LOCKED_UNTIL)}. Then Kim gives her first to Mara. Nobody calls
    Delegation, and Tess does not run it any more: what Kim arranged names how often the licence had changed hands.`,
  );
  const [kim, mara] = ['Kim', 'Mara'].map((name) => stage.person(name).address);
  const transfer = [kim, mara, 0n];
  await stage.refused('Locked', 'Kim', sale.license, 'transferFrom', transfer);
  const before = await operatorOf(stage, sale, 0n);
  if ((await stage.now()) < LOCKED_UNTIL) await stage.travelTo(LOCKED_UNTIL);
  await stage.send('Kim', sale.license, 'transferFrom', transfer);
  const licences = { name: 'licences', decimals: 0 };
  const run = async (ids: bigint[]): Promise<bigint> =>
    BigInt((await Promise.all(ids.map((id) => operatorOf(stage, sale, id)))).filter((by) => by === before).length);
  teller.agree("Mara's, run by Tess", { chain: await run([0n]), policy: 0n }, licences);
  teller.agree("Kim's other four, run by Tess", { chain: await run([1n, 2n, 3n, 4n]), policy: 4n }, licences);
}

async function close(
  stage: Stage,
  teller: Teller,
  network: Network,
  { books, inRewards }: { books: ReadonlyMap<string, bigint>; inRewards: bigint },
): Promise<void> {
  const { token, emission, rewards } = network.contracts;
  const unit = network.token;
  teller.act(
    'The close',
    `What everybody has on ${dateOf(await stage.now())}, as the token says it and as the policy's functions add it up.`,
  );
  for (const [name, policySays] of books) {
    if (name === 'burnt') continue;
    teller.agree(name, { chain: await balanceOf(stage, token, stage.person(name).address), policy: policySays }, unit);
  }
  const held = await balanceOf(stage, token, rewards.address);
  teller.agree('in Rewards: vesting, and not yet claimed', { chain: held, policy: inRewards }, unit);
  const supply = [...books].reduce((sum, [name, amount]) => (name === 'burnt' ? sum : sum + amount), inRewards);
  teller.agree(
    'the supply: all of these together',
    { chain: await stage.read(token, 'totalSupply'), policy: supply },
    unit,
  );
  const burnt = (await stage.read(token, 'minted')) - (await stage.read(token, 'totalSupply'));
  teller.agree('burnt since the start', { chain: burnt, policy: books.get('burnt')! }, unit);
  const at = (await stage.now()) - START;
  const ceilings = await Promise.all(Object.keys(curves).map((_, n) => stage.read(emission, 'ceiling', [BigInt(n)])));
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, one) => total + one, 0n);
  const policySum = sum(Object.values(curves).map((curve) => ceilingRoundedDown(curve, at)));
  teller.agree('what all curves together allow by now', { chain: sum(ceilings), policy: policySum }, unit);
}

async function operatorOf(stage: Stage, sale: Sale, id: bigint): Promise<string> {
  const [operator] = await stage.read<[string, number, bigint]>(sale.delegation, 'operatorOf', [id]);
  return operator;
}

/** What a curve releases between two instants since the start. */
const between = (pool: string, from: bigint, until: bigint): bigint =>
  ceilingRoundedDown(curves[pool]!, until) - ceilingRoundedDown(curves[pool]!, from);
