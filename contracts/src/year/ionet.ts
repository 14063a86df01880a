import { ceilingRoundedDown } from '@gpucoop/policy/emission.ts';
import { ionet } from '@gpucoop/policy/presets/ionet.ts';
import { seasonPoints, seasonRewards, type SeasonNode } from '@gpucoop/policy/reward-season.ts';
import { weightRewards } from '@gpucoop/policy/reward-weight.ts';
import type { RewardRuleOf } from '@gpucoop/policy/schema/rewards.ts';
import type { SlashCase } from '@gpucoop/policy/schema/stake.ts';
import { slashRoundedDown } from '@gpucoop/policy/slash.ts';
import { stakeRequiredRoundedUp } from '@gpucoop/policy/stake.ts';
import { add, type Book } from './books.ts';
import { claim, finalise, fundPoster } from './epochs.ts';
import { playRent } from './ionet-rent.ts';
import { openNetwork, type Network } from './network.ts';
import { machineId, positionOf, slashesOf, type Case, type Slashes } from './slashing.ts';
import { balanceOf, type Stage } from './stage.ts';
import { dateOf, shown, type Teller } from './teller.ts';

const { policy } = ionet;
const HOUR_S = 3600n;
const HOURS_OF_EPOCH = 730n; // a twelfth of 365 days
/** The first block reward, and with it every time of the policy. */
const START = BigInt(Date.UTC(2024, 5, 25, 12) / 1000);
const MOST = 2n ** 256n - 1n;

const season = policy.rewards.ignition_3 as RewardRuleOf<'season'>;
const block = policy.rewards.block as RewardRuleOf<'weight'>;
const rewardsCurve = policy.emission!.pools.rewards!;
const waitS = BigInt(block.eligible.wait_s);

type Host = { name: string; class: string; devices: number; microsPerHour: bigint; node: SeasonNode };
const host = (name: string, slug: string, devices: number, microsPerHour: bigint, hours: [number, number, number]) => ({
  name,
  class: slug,
  devices,
  microsPerHour,
  node: { class: slug, devices, online_hours: hours[0], rented_hours: hours[1], connectivity: hours[2] },
});
const hosts: readonly Host[] = [
  host('Ada', 'rtx-4090', 2, 400_000n, [690, 40, 3]),
  host('Bora', 'h100-sxm-80gb', 8, 2_200_000n, [720, 300, 4]),
  host('Chen', 'rtx-3090', 4, 200_000n, [410, 0, 2]),
  host('Dina', 'apple-m4', 1, 90_000n, [650, 12, 1]),
];
const accused: readonly { name: string; what: SlashCase }[] = [
  { name: 'Chen', what: 'false_offer' },
  { name: 'Dina', what: 'poor_service' },
];

/** What a host has staked, and since when. */
type Stakes = Map<string, { at: bigint; amount: bigint }>;

/** A year of a network by io.net's published rules, in so many epochs of 730 hours. */
export const ionetYear = {
  startsAt: START + BigInt(season.from_s),
  epochs: 12,

  async play(stage: Stage, teller: Teller, epochs: number): Promise<void> {
    const network = await openNetwork(stage, {
      policy,
      start: START,
      rewards: 'at_once',
      holders: { genesis: 'foundation' },
    });
    const book: Book = new Map();
    const earned = await playSeason(stage, teller, network, book);
    const stakes = await playStakes(stage, teller, network, book);
    await playRent(stage, teller, network, book);
    await playEpochs(stage, teller, network, { epochs, earned, stakes, book });
    await close(stage, teller, network, book, stakes);
  },
};

async function playSeason(
  stage: Stage,
  teller: Teller,
  network: Network,
  book: Book,
): Promise<ReadonlyMap<string, bigint>> {
  const { token, emission } = network.contracts;
  const unit = network.token;
  teller.act(
    'The season: machines come before renters, and wait for points',
    `Of io.net's three seasons the third is played, from ${dateOf(ionetYear.startsAt)}. A machine collects points for its hours online
    and, again, for its hours rented, each × class × devices × line. No token exists yet. With the first block reward a genesis of 500 million
    may be released: 462.5 to the foundation, and of 37.5 for three seasons the 12.5 million of this one are divided by points.`,
  );
  await stage.travelTo(START + BigInt(season.until_s));
  const points = hosts.map(({ node }) => seasonPoints(season, node));
  const { parts } = seasonRewards(season, points);
  const foundation = ceilingRoundedDown(policy.emission!.pools.genesis!, 0n);
  const [genesis, seasons] = [network.poolNumber('genesis'), network.poolNumber(season.pool)];
  for (const [label, number, curve] of [
    ['genesis', genesis, policy.emission!.pools.genesis!],
    ['and for seasons', seasons, policy.emission!.pools[season.pool]!],
  ] as const) {
    const chain = await stage.read(emission, 'ceiling', [number]);
    teller.agree(label, { chain, policy: ceilingRoundedDown(curve, 0n) }, unit);
  }
  await stage.send('foundation', emission, 'release', [genesis, foundation]);
  add(book, 'foundation', foundation);
  const bond = await fundPoster(stage, network);
  add(book, 'foundation', -bond);
  add(book, 'poster', bond);

  const earned = new Map(hosts.map(({ name }, n) => [name, parts[n]!]));
  const root = await finalise(stage, network, { earned, grants: { [season.pool]: season.amount } });
  for (const [n, { name, devices, class: slug }] of hosts.entries()) {
    await claim(stage, network, root, name);
    add(book, name, parts[n]!);
    const share = shown((points[n]! * 10_000n) / points.reduce((a, b) => a + b), { decimals: 2 });
    teller.agree(
      `${name}, ${devices} × ${slug}: ${share} % of the points`,
      { chain: await balanceOf(stage, token, stage.person(name).address), policy: parts[n]! },
      unit,
    );
  }
  return earned;
}

async function playStakes(stage: Stage, teller: Teller, network: Network, book: Book): Promise<Stakes> {
  const { token, stake } = network.contracts;
  teller.act(
    'The stake: 200 IO × multiplier × devices',
    `From now on only a machine with a stake is paid. A class whose multiplier is below one is taken for one. It comes out of the season.`,
  );
  const stakes: Stakes = new Map();
  for (const { name, ...machine } of hosts) {
    const required = stakeRequiredRoundedUp(policy.stake!.required, {
      ...machine,
      askMicrosPerHour: machine.microsPerHour,
    });
    if (required.currency !== 'token') throw new Error('io.net stakes its token');
    await stage.send(name, token, 'approve', [stake.address, MOST]);
    const deposit = [machineId(name), stage.person(name).address, required.tokens];
    const { at } = await stage.send(name, stake, 'deposit', deposit);
    stakes.set(name, { at, amount: required.tokens });
    add(book, name, -required.tokens);
    const { staked } = await positionOf(stage, network, name);
    teller.agree(
      `${name}, ${machine.devices} × ${machine.class}`,
      { chain: staked, policy: required.tokens },
      network.token,
    );
  }
  return stakes;
}

type Span = { from: bigint; until: bigint };

async function playEpochs(
  stage: Stage,
  teller: Teller,
  network: Network,
  { epochs, earned, stakes, book }: { epochs: number; earned: ReadonlyMap<string, bigint>; stakes: Stakes; book: Book },
): Promise<void> {
  const { emission, rewards } = network.contracts;
  teller.act(
    'The year: emission by the hour, by weight, in two groups',
    `Every hour the curve releases a little less. 95 % of it go to the enterprise group and 5 % to the community, each divided by
    multiplier × devices of who was eligible in that hour: staked, and twelve hours waited. What a group without anybody would get is carried to
    the next hour. A root stands for 730 hours, each of which is computed on its own. The second root carries two slashes: Chen's cards
    are not what he offers, and Dina is accused of poor service. Ada leaves with the third.`,
  );
  const total = new Map(earned);
  const spans = new Map([...stakes].map(([name, { at }]) => [name, { from: at + waitS, until: MOST }]));
  let granted = 0n;
  let carried = 0n;
  for (let epoch = 1; epoch <= epochs; epoch += 1) {
    const end = START + BigInt(epoch) * HOURS_OF_EPOCH * HOUR_S;
    if ((await stage.now()) < end) await stage.travelTo(end);
    const hours = hoursOf(epoch, spans, carried);
    carried = hours.carried;
    granted += hours.released;
    for (const [n, { name }] of hosts.entries()) total.set(name, total.get(name)! + hours.parts[n]!);
    // The first root was the season's.
    const slashes = epoch === 2 ? slashesOf(stage, network, BigInt(epoch + 1), casesOf(stakes)) : undefined;
    const root = await finalise(stage, network, {
      earned: total,
      grants: { [block.pool]: hours.released },
      slashRoot: slashes?.root,
    });
    for (const [n, { name }] of hosts.entries()) {
      if (hours.parts[n] === 0n) continue;
      await claim(stage, network, root, name);
      add(book, name, hours.parts[n]!);
    }
    const [inAll] = await stage.read<bigint[]>(rewards, 'totals');
    const ceiling = ceilingRoundedDown(rewardsCurve, (await stage.now()) - START);
    const label = `epoch ${String(epoch).padStart(2)}, to ${dateOf(end)}`;
    teller.agree(`${label}: granted so far`, { chain: inAll! - season.amount, policy: granted }, network.token);
    teller.agree(
      `${' '.repeat(label.length)}  left for the hours since`,
      { chain: await stage.read(emission, 'releasable', [network.poolNumber(block.pool)]), policy: ceiling - granted },
      network.token,
    );
    if (slashes !== undefined) await playSlashes(stage, teller, network, { slashes, stakes, spans, book });
    if (epoch === 3) await playUnstake(stage, teller, network, { stakes, spans, book });
  }
  for (const group of Object.keys(block.groups)) {
    const members = hosts.filter((one) => block.classes[one.class]?.group === group).map(({ name }) => name);
    const claimed = await Promise.all(members.map((name) => claimedBy(stage, network, name)));
    const sum = (of: (name: string, n: number) => bigint): bigint =>
      members.map(of).reduce((all, one) => all + one, 0n);
    teller.agree(
      `the ${group} group (${members.join(', ')}) in all`,
      {
        chain: sum((name, n) => claimed[n]! - earned.get(name)!),
        policy: sum((name) => total.get(name)! - earned.get(name)!),
      },
      network.token,
    );
  }
}

const claimedBy = (stage: Stage, { contracts }: Network, name: string): Promise<bigint> =>
  stage.read(contracts.rewards, 'claimedBy', [stage.person(name).address]);

/** All hours of an epoch, one after the other. */
function hoursOf(epoch: number, spans: ReadonlyMap<string, Span>, before: bigint) {
  const parts = hosts.map(() => 0n);
  let carried = before;
  const first = BigInt(epoch - 1) * HOURS_OF_EPOCH;
  for (let hour = first; hour < first + HOURS_OF_EPOCH; hour += 1n) {
    const [from, until] = [hour * HOUR_S, (hour + 1n) * HOUR_S];
    const amount = ceilingRoundedDown(rewardsCurve, until) - ceilingRoundedDown(rewardsCurve, from) + carried;
    const machines = hosts.map(({ name, class: slug, devices }) => {
      const span = spans.get(name)!;
      return { class: slug, devices, eligible: span.from <= START + from && START + until <= span.until };
    });
    const divided = weightRewards(block, amount, machines);
    for (const [n, part] of divided.parts.entries()) parts[n]! += part;
    carried = divided.carried;
  }
  return { parts, carried, released: parts.reduce((sum, part) => sum + part, 0n) };
}

const casesOf = (stakes: Stakes): Case[] =>
  accused.map(({ name, what }) => ({ machine: name, owner: name, amount: taken(stakes, name, what), victimPaid: 0n }));

/** What a case costs the stake; io.net names neither a part of it nor a renter who would get it. */
function taken(stakes: Stakes, name: string, what: SlashCase): bigint {
  const { amount } = stakes.get(name)!;
  return slashRoundedDown(policy.stake!, what, { required: amount, staked: amount, unpaidRewards: 0n, victimPaid: 0n })
    .fromStake;
}

async function playSlashes(
  stage: Stage,
  teller: Teller,
  network: Network,
  { slashes, stakes, spans, book }: { slashes: Slashes; stakes: Stakes; spans: Map<string, Span>; book: Book },
): Promise<void> {
  const { stake } = network.contracts;
  for (const [n, { leaf, proof, id }] of slashes.leaves.entries()) {
    await stage.send('anybody', stake, 'announce', [leaf, proof]);
    await stage.send(accused[n]!.name, stake, 'appeal', [id]); // the bond of this policy is nothing
  }
  const [ofChen, ofDina] = slashes.leaves as [Slashes['leaves'][0], Slashes['leaves'][0]];
  const { at } = await stage.send('arbiter', stake, 'decide', [ofChen.leaf, true]);
  spans.set('Chen', { ...spans.get('Chen')!, until: at });
  teller.say(
    'Both appeal. The arbiter finds against Chen, whose stake is burnt; on Dina he is silent, which voids the slash.',
  );
  await stage.refused('TooEarly', 'anybody', stake, 'voidSlash', [ofDina.leaf]);
  await stage.travelTo(at + BigInt(policy.stake!.arbiter_s));
  await stage.send('anybody', stake, 'voidSlash', [ofDina.leaf]);
  const { result: burnt } = await stage.send('anybody', stake, 'burn');
  const { amount } = stakes.get('Chen')!;
  teller.agree(
    "Chen's stake, burnt",
    { chain: burnt as bigint, policy: taken(stakes, 'Chen', 'false_offer') },
    network.token,
  );
  add(book, 'burnt', burnt as bigint);
  stakes.set('Chen', { at: 0n, amount: amount - (burnt as bigint) });
  for (const { name } of accused) {
    const { staked } = await positionOf(stage, network, name);
    teller.agree(`${name}'s stake from then on`, { chain: staked, policy: stakes.get(name)!.amount }, network.token);
  }
}

async function playUnstake(
  stage: Stage,
  teller: Teller,
  network: Network,
  { stakes, spans, book }: { stakes: Stakes; spans: Map<string, Span>; book: Book },
): Promise<void> {
  const { stake } = network.contracts;
  const { amount } = stakes.get('Ada')!;
  const me = stage.person('Ada').address;
  const { at } = await stage.send('Ada', stake, 'unstake', [machineId('Ada'), amount]);
  spans.set('Ada', { ...spans.get('Ada')!, until: at });
  await stage.travelTo(at + BigInt(policy.stake!.cooldown_s) - 10n);
  await stage.refused('StillUnstaking', 'Ada', stake, 'withdraw', [machineId('Ada'), me]);
  await stage.travelTo(at + BigInt(policy.stake!.cooldown_s));
  const { result } = await stage.send('Ada', stake, 'withdraw', [machineId('Ada'), me]);
  teller.say(
    `Ada unstakes on ${dateOf(at)}. Ten seconds before fourteen days are over she is refused; then she has it back.`,
  );
  teller.agree("Ada's stake, withdrawn", { chain: result as bigint, policy: amount }, network.token);
  stakes.set('Ada', { at: 0n, amount: 0n });
  add(book, 'Ada', amount);
}

async function close(stage: Stage, teller: Teller, network: Network, book: Book, stakes: Stakes): Promise<void> {
  const { token, stake } = network.contracts;
  const unit = network.token;
  teller.act(
    'The close',
    `What everybody has on ${dateOf(await stage.now())}, as the token says it and as the policy's functions add it up.`,
  );
  for (const [name, policySays] of book) {
    if (name === 'burnt') continue;
    teller.agree(name, { chain: await balanceOf(stage, token, stage.person(name).address), policy: policySays }, unit);
  }
  const staked = [...stakes.values()].reduce((sum, { amount }) => sum + amount, 0n);
  teller.agree('all that is staked', { chain: await stage.read(stake, 'totalStaked'), policy: staked }, unit);
  const supply = [...book].reduce((sum, [name, amount]) => (name === 'burnt' ? sum : sum + amount), staked);
  teller.agree(
    'the supply: all of these together',
    { chain: await stage.read(token, 'totalSupply'), policy: supply },
    unit,
  );
  const minted = await stage.read(token, 'minted');
  teller.agree(
    'burnt since the start',
    { chain: minted - (await stage.read(token, 'totalSupply')), policy: book.get('burnt')! },
    unit,
  );
}
