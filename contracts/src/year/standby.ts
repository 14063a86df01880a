import { chargeRoundedDown } from '@gpucoop/policy/charge.ts';
import { ceilingRoundedDown } from '@gpucoop/policy/emission.ts';
import { depositBack, depositRoundedUp } from '@gpucoop/policy/pledge.ts';
import { standby } from '@gpucoop/policy/presets/standby.ts';
import { paidOf, usdTargetedRelease } from '@gpucoop/policy/reward-usd.ts';
import type { RewardRuleOf } from '@gpucoop/policy/schema/rewards.ts';
import { slashRoundedDown } from '@gpucoop/policy/slash.ts';
import { splitRoundedDown } from '@gpucoop/policy/split.ts';
import { keptRoundedDown, stakeRequiredRoundedUp } from '@gpucoop/policy/stake.ts';
import { add } from './books.ts';
import { claim, finalise, fundPoster } from './epochs.ts';
import { nameHex, openNetwork, type Network } from './network.ts';
import { charged, closeLane, collect, deposit, laneBalance, openLane, redeem, type Lease } from './rent.ts';
import { machineId, positionOf, slashesOf } from './slashing.ts';
import { balanceOf, type Stage } from './stage.ts';
import {
  classes,
  cleo,
  eve,
  hosts,
  owedIn,
  paidOfIdle,
  pledged,
  rentedWeeksOf,
  stateOf,
  WEEK_S,
} from './standby-weeks.ts';
import { dateOf, type Teller } from './teller.ts';

const { policy } = standby;
const DAY_S = 86_400n;
const WEEKS = 4;
const START = BigInt(Date.UTC(2027, 0, 4) / 1000);
const TOKEN_MICROS = 100_000n;
/** Rana is let down in this epoch, for one day. */
const LOSS = { epoch: 3, seconds: DAY_S };
const MOST = 2n ** 256n - 1n;

const rule = policy.rewards.standby as RewardRuleOf<'standby'>;
const curve = policy.emission!.pools[rule.pool]!;
const pledges = policy.pledges!;
const stakeRule = policy.stake!.required;

const lease: Lease = {
  renter: 'Rana',
  provider: 'Cleo',
  currency: 'dollars',
  microsPerHour: 8n * cleo.askMicrosPerHour,
  microsPerToken: TOKEN_MICROS,
};

/** A year of a network by Coop's own rules, in so many epochs of four weeks. */
export const standbyYear = {
  startsAt: START - 3600n,
  epochs: 13,

  async play(stage: Stage, teller: Teller, epochs: number): Promise<void> {
    const network = await openNetwork(stage, {
      policy,
      start: START,
      rewards: rule.vesting,
      holders: { treasury: 'foundation' },
    });
    await stage.travelTo(START);
    const books = { tokens: new Map<string, bigint>(), dollars: new Map<string, bigint>() };
    await playPledges(stage, teller, network, books.dollars);
    await playDeposit(stage, teller, network, books.dollars);
    await playEpochs(stage, teller, network, { epochs, books });
    await close(stage, teller, network, books);
  },
};

type Books = { tokens: Map<string, bigint>; dollars: Map<string, bigint> };

async function playPledges(
  stage: Stage,
  teller: Teller,
  network: Network,
  dollars: Map<string, bigint>,
): Promise<void> {
  teller.act(
    'Pledges: both sides see each other before either moves',
    `Rana would rent eight 4090 at no more than $0.40 once twenty are proven, and Sol four H100 at no more than $1. Each puts a day's rent into a
    lane of his own in Escrow, from which nobody can draw. Hosts see the pledges, and come.`,
  );
  for (const [name, of] of Object.entries(pledged)) {
    const put = depositRoundedUp(pledges, of);
    await stage.send(name, network.contracts.dollars, 'mint', [stage.person(name).address, put]);
    await deposit(stage, network, { ...lease, renter: name }, put);
    const there = await laneBalance(stage, network, { ...lease, renter: name });
    teller.agree(`${name} pledges ${of.units} × ${of.class}`, { chain: there, policy: put }, network.dollars);
    add(dollars, `${name} in Escrow`, put);
  }
}

async function playDeposit(
  stage: Stage,
  teller: Teller,
  network: Network,
  dollars: Map<string, bigint>,
): Promise<void> {
  const { stake, dollars: money } = network.contracts;
  const full = stakeFull(eve);
  const me = stage.person('Eve').address;
  teller.act(
    'A stake: a deposit fills it at once',
    `A machine risks a week of what it asks for. Cleo will earn hers from rent; Eve puts hers down in dollars of her own. No token has to be bought.`,
  );
  await stage.send('Eve', money, 'mint', [me, full]);
  await stage.send('Eve', money, 'approve', [stake.address, MOST]);
  await stage.send('Eve', stake, 'deposit', [machineId('Eve'), me, full]);
  const { staked } = await positionOf(stage, network, 'Eve');
  teller.agree("Eve's stake, for eight H100", { chain: staked, policy: full }, network.dollars);
  add(dollars, 'staked by Eve', full);
}

async function playEpochs(
  stage: Stage,
  teller: Teller,
  network: Network,
  { epochs, books }: { epochs: number; books: Books },
): Promise<void> {
  const { emission, rewards } = network.contracts;
  const pool = network.poolNumber(rule.pool);
  teller.act(
    'The year: waiting is paid as far as the queue needs it',
    `Each hour and class, idle machines are paid up to λ + β√λ of what is rented and pledged; the dollars owed are paid in COOP at $0.10. Dov asks for
    more than 1.1 of the reference price, and is paid for no waiting. The ceiling allows far more than is needed; the rest is deferred. Rana's pledge
    is called once twenty are proven, and she rents Cleo's eight; Sol's expires. Of Cleo's income 15 % become her stake, until it covers a week of rent. A root stands for four weeks.`,
  );
  const earned = new Map(hosts.map(({ name }) => [name, 0n]));
  let [released, served] = [0n, 0n];
  for (let epoch = 1; epoch <= epochs; epoch += 1) {
    const end = START + BigInt(epoch * WEEKS) * WEEK_S;
    if ((await stage.now()) < end) await stage.travelTo(end);
    if (epoch === 1) await fund(stage, network, books.tokens);
    const weeks = Array.from({ length: WEEKS }, (_, n) => (epoch - 1) * WEEKS + n);
    const owed = owedIn(weeks);
    const vault = await stage.read(emission, 'releasable', [pool]);
    const release = usdTargetedRelease(
      [...owed.values()].reduce((sum, micros) => sum + micros, 0n),
      { priceMicros: TOKEN_MICROS, decimals: network.token.decimals },
      { rewards: vault, fees: 0n },
      rule.surplus_burn_ppm,
    );
    const parts = paidOf(release, [...owed.values()]);
    const names = [...owed.keys()];
    for (const [n, name] of names.entries()) earned.set(name, earned.get(name)! + parts[n]!);
    released += release.fromRewards;

    served += rentedWeeksOf(weeks) * WEEK_S - (epoch === LOSS.epoch ? LOSS.seconds : 0n);
    teller.heading(
      `epoch ${epoch}, to ${dateOf(end)}; idle machines paid, of those idle, by week: ${classes.map((slug) => paidOfIdle(slug, weeks)).join('; ')}`,
    );
    await playIncome(stage, teller, network, { served, isFirst: epoch === 1, dollars: books.dollars });
    const slashes = epoch === LOSS.epoch ? slashesOf(stage, network, BigInt(epoch), [lossOf(served)]) : undefined;
    const root = await finalise(stage, network, {
      earned,
      grants: { [rule.pool]: release.fromRewards },
      slashRoot: slashes?.root,
    });
    for (const [n, name] of names.entries()) {
      if (parts[n] === 0n) continue;
      await claim(stage, network, root, name);
      add(books.tokens, name, parts[n]!);
    }
    const [granted] = await stage.read<bigint[]>(rewards, 'totals');
    teller.agree('released for waiting, since the start', { chain: granted!, policy: released }, network.token);
    const deferred = ceilingRoundedDown(curve, (await stage.now()) - START) - released;
    teller.agree(
      'deferred: below the ceiling',
      { chain: await stage.read(emission, 'releasable', [pool]), policy: deferred },
      network.token,
    );
    if (slashes !== undefined) await playSlash(stage, teller, network, { slashes, served, dollars: books.dollars });
    if (epoch === 2) await playExpiry(stage, teller, network, books.dollars);
  }
}

async function fund(stage: Stage, network: Network, tokens: Map<string, bigint>): Promise<void> {
  const bond = policy.claims!.poster_bond;
  await stage.send('foundation', network.contracts.emission, 'release', [network.poolNumber('treasury'), bond]);
  await fundPoster(stage, network);
  add(tokens, 'poster', bond);
}

const stakeFull = (host: typeof cleo): bigint => {
  const required = stakeRequiredRoundedUp(stakeRule, { ...host, devices: host.units });
  if (required.currency !== 'dollars') throw new Error('Coop stakes dollars');
  return required.micros;
};

/** Rana pays for what Cleo served, and Cleo keeps a part of it as her stake. */
async function playIncome(
  stage: Stage,
  teller: Teller,
  network: Network,
  { served, isFirst, dollars }: { served: bigint; isFirst: boolean; dollars: Map<string, bigint> },
): Promise<void> {
  if (stakeRule.kind !== 'earned') throw new Error('Coop has stakes earned');
  const { stake } = network.contracts;
  const due = charged(network, lease, served).renterPays;
  const topUp = due - (dollars.get('paid by Rana') ?? 0n);
  await stage.send('Rana', network.contracts.dollars, 'mint', [stage.person('Rana').address, topUp]);
  await openLane(stage, network, lease, topUp);
  await redeem(stage, network, lease, served);
  const income = await collect(stage, network, lease, 'Cleo');
  const all = charged(network, lease, served).providerGets;
  teller.agree(
    'Cleo collects',
    { chain: income, policy: all - (dollars.get('income of Cleo') ?? 0n) },
    network.dollars,
  );
  const { staked } = await positionOf(stage, network, 'Cleo');
  const kept = keptRoundedDown(stakeRule, { income, staked, full: stakeFull(cleo) });
  if (isFirst) await stage.send('Cleo', network.contracts.dollars, 'approve', [stake.address, MOST]);
  if (kept > 0n) await stage.send('Cleo', stake, 'deposit', [machineId('Cleo'), stage.person('Cleo').address, kept]);
  add(dollars, 'staked by Cleo', kept);
  const { staked: then } = await positionOf(stage, network, 'Cleo');
  teller.agree("Cleo's stake", { chain: then, policy: dollars.get('staked by Cleo')! }, network.dollars);
  dollars.set('paid by Rana', due);
  dollars.set('income of Cleo', all);
  add(dollars, 'Cleo', income - kept);
}

const caseOf = (served: bigint) => ({
  required: stakeFull(cleo),
  staked: stakeFull(cleo),
  unpaidRewards: 0n,
  victimPaid: chargeRoundedDown(lease.microsPerHour, served),
});

function lossOf(served: bigint) {
  const { fromStake } = slashRoundedDown(policy.stake!, 'lost_lease', caseOf(served));
  return {
    machine: 'Cleo',
    owner: 'Cleo',
    victim: 'Rana',
    amount: fromStake,
    victimPaid: chargeRoundedDown(lease.microsPerHour, served),
  };
}

async function playSlash(
  stage: Stage,
  teller: Teller,
  network: Network,
  { slashes, served, dollars }: { slashes: ReturnType<typeof slashesOf>; served: bigint; dollars: Map<string, bigint> },
): Promise<void> {
  const { stake } = network.contracts;
  const { leaf, proof } = slashes.leaves[0]!;
  const { at } = await stage.send('Rana', stake, 'announce', [leaf, proof]);
  await stage.refused('TooEarly', 'anybody', stake, 'execute', [leaf]);
  await stage.travelTo(at + BigInt(policy.stake!.appeal_s));
  await stage.send('anybody', stake, 'execute', [leaf]);
  const { result } = await stage.send('Rana', stake, 'collect', [stage.person('Rana').address]);
  const { fromStake, toVictim } = slashRoundedDown(policy.stake!, 'lost_lease', caseOf(served));
  teller.say(
    "Cleo let Rana down for a day in this epoch. A fifth of the stake is announced, nobody appeals for a week, and it is Rana's.",
  );
  teller.agree('Rana gets', { chain: result as bigint, policy: toVictim }, network.dollars);
  add(dollars, 'staked by Cleo', -fromStake);
  add(dollars, 'Rana', toVictim);
  const { staked } = await positionOf(stage, network, 'Cleo');
  teller.agree("Cleo's stake from then on", { chain: staked, policy: dollars.get('staked by Cleo')! }, network.dollars);
}

async function playExpiry(stage: Stage, teller: Teller, network: Network, dollars: Map<string, bigint>): Promise<void> {
  const put = depositRoundedUp(pledges, pledged.Sol);
  const back = depositBack(pledges, stateOf('Sol', (await stage.now()) - START), put)!;
  const result = await closeLane(stage, network, { ...lease, renter: 'Sol' });
  teller.say(`Nobody offers an H100 for a dollar. Sol's pledge expires after thirty days and costs him nothing.`);
  teller.agree('Sol has back', { chain: result, policy: back.renter }, network.dollars);
  add(dollars, 'Sol in Escrow', -back.renter);
  add(dollars, 'Sol', back.renter);
}

async function close(stage: Stage, teller: Teller, network: Network, { tokens, dollars }: Books): Promise<void> {
  const { token, stake, sink, escrow, emission } = network.contracts;
  const money = network.contracts.dollars;
  teller.act(
    'The close',
    `What everybody has on ${dateOf(await stage.now())}, as the tokens say it and as the policy's functions add it up.`,
  );
  const fees = dollars.get('paid by Rana')! - dollars.get('income of Cleo')!;
  await stage.send('anybody', escrow, 'collectFor', [money.address, sink.address]);
  await stage.send('anybody', sink, 'distribute', [money.address]);
  const names = Object.keys(policy.fees.split);
  const { parts } = splitRoundedDown(
    fees,
    names.map((name) => BigInt(policy.fees.split[name]!)),
  );
  for (const [n, name] of names.entries()) {
    const owed = await stage.read(sink, 'owed', [money.address, nameHex(name)]);
    teller.agree(
      name === 'burn' ? 'fees for the buyer, who burns' : `fees for ${name}`,
      { chain: owed, policy: parts[n]! },
      network.dollars,
    );
  }
  const inLane = await laneBalance(stage, network, lease);
  teller.agree(
    "in Rana's lane: what she pledged",
    { chain: inLane, policy: dollars.get('Rana in Escrow')! },
    network.dollars,
  );
  for (const name of ['Cleo', 'Rana', 'Sol']) {
    const there = await balanceOf(stage, money, stage.person(name).address);
    teller.agree(name, { chain: there, policy: dollars.get(name) ?? 0n }, network.dollars);
  }
  const staked = dollars.get('staked by Cleo')! + dollars.get('staked by Eve')!;
  teller.agree('staked', { chain: await stage.read(stake, 'totalStaked'), policy: staked }, network.dollars);
  for (const [name, policySays] of tokens) {
    const there = await balanceOf(stage, token, stage.person(name).address);
    teller.agree(name, { chain: there, policy: policySays }, network.token);
  }
  const supply = [...tokens.values()].reduce((sum, amount) => sum + amount, 0n);
  teller.agree(
    'the supply: all of these together',
    { chain: await stage.read(token, 'totalSupply'), policy: supply },
    network.token,
  );
  const ceiling = ceilingRoundedDown(curve, (await stage.now()) - START);
  teller.agree(
    'what the standby curve allows by now',
    { chain: await stage.read(emission, 'ceiling', [network.poolNumber(rule.pool)]), policy: ceiling },
    network.token,
  );
}
