import { ionet } from '@gpucoop/policy/presets/ionet.ts';
import { splitRoundedDown } from '@gpucoop/policy/split.ts';
import { add, type Book } from './books.ts';
import { nameHex, type Network } from './network.ts';
import { charged, closeLane, collect, laneBalance, openLane, redeem, tokenOf, unitOf, type Lease } from './rent.ts';
import type { Stage } from './stage.ts';
import { dateOf, type Teller } from './teller.ts';

const { policy } = ionet;
const DAY_S = 86_400n;
const TOKEN_MICROS = 2_000_000n; // as the words of the act say

/** A month of rent, paid in the token and in dollars, and what becomes of its fees. */
export async function playRent(stage: Stage, teller: Teller, network: Network, book: Book): Promise<void> {
  const { token, dollars, sink, escrow } = network.contracts;
  teller.act(
    'A month of rent: in the token, and in dollars',
    `Rana rents Bora's eight H100 for thirty days and pays in IO at $2; Sol rents Ada's two 4090 and pays
    in dollars. Each has put a little more into his lane of Escrow than he will need. Once a week the meter signs one statement for
    each provider, cumulative, and anybody redeems it. Fees are 0.25 % on each side in IO, and 2.25 % on each side in dollars.`,
  );
  const leases: Lease[] = [
    {
      renter: 'Rana',
      provider: 'Bora',
      currency: 'token',
      microsPerHour: 8n * 2_200_000n,
      microsPerToken: TOKEN_MICROS,
    },
    {
      renter: 'Sol',
      provider: 'Ada',
      currency: 'dollars',
      microsPerHour: 2n * 400_000n,
      microsPerToken: TOKEN_MICROS,
    },
  ];
  const month = 30n * DAY_S;
  const deposits = [7_000n * 10n ** 18n, 700n * 10n ** 6n];
  await stage.send('foundation', token, 'transfer', [stage.person('Rana').address, deposits[0]!]);
  add(book, 'foundation', -deposits[0]!);
  await stage.send('Sol', dollars, 'mint', [stage.person('Sol').address, deposits[1]!]);
  for (const [n, lease] of leases.entries()) await openLane(stage, network, lease, deposits[n]!);

  const begun = await stage.now();
  for (const days of [7n, 14n, 21n, 30n]) {
    await stage.travelTo(begun + days * DAY_S);
    teller.heading(`day ${days}, ${dateOf(await stage.now())}: paid by the lanes so far`);
    for (const [n, lease] of leases.entries()) {
      await redeem(stage, network, lease, days * DAY_S);
      const { renterPays } = charged(network, lease, days * DAY_S);
      const paid = deposits[n]! - (await laneBalance(stage, network, lease));
      teller.agree(
        `${lease.renter} for ${lease.provider}`,
        { chain: paid, policy: renterPays },
        unitOf(network, lease),
      );
    }
  }
  for (const [n, lease] of leases.entries()) {
    const lines = charged(network, lease, month);
    const unit = unitOf(network, lease);
    teller.heading(`${lease.renter}'s month at ${lease.provider}'s, in ${unit.name}`);
    teller.agree(
      `${lease.provider} collects`,
      { chain: await collect(stage, network, lease, lease.provider), policy: lines.providerGets },
      unit,
    );
    const back = await closeLane(stage, network, lease);
    teller.agree(
      `${lease.renter} takes back after the thaw`,
      { chain: back, policy: deposits[n]! - lines.renterPays },
      unit,
    );
    if (lease.currency === 'token') {
      add(book, lease.provider, lines.providerGets);
      add(book, lease.renter, deposits[n]! - lines.renterPays);
    }
    const { result: fees } = await stage.send('anybody', escrow, 'collectFor', [
      tokenOf(network, lease).address,
      sink.address,
    ]);
    teller.agree('the fees, which go to FeeSink', { chain: fees as bigint, policy: lines.network }, unit);
    await divideFees(stage, teller, network, lease, lines.network, book);
  }
}

/** The burn share of the token is burnt; of dollars it is owed to the buyer. */
async function divideFees(
  stage: Stage,
  teller: Teller,
  network: Network,
  lease: Lease,
  fees: bigint,
  book: Book,
): Promise<void> {
  const { token, sink } = network.contracts;
  const unit = unitOf(network, lease);
  const names = Object.keys(policy.fees.split);
  const { parts } = splitRoundedDown(
    fees,
    names.map((name) => BigInt(policy.fees.split[name]!)),
  );
  const part = (name: string): bigint => parts[names.indexOf(name)]!;
  const paid = tokenOf(network, lease);
  const before = await stage.read(token, 'totalSupply');
  await stage.send('anybody', sink, 'distribute', [paid.address]);
  const burnt = before - (await stage.read(token, 'totalSupply'));
  if (lease.currency === 'token') {
    add(book, 'burnt', part('burn'));
    teller.agree('of them burnt', { chain: burnt, policy: part('burn') }, unit);
  } else {
    const owed = await stage.read(sink, 'owed', [paid.address, nameHex('burn')]);
    teller.agree('of them owed to the buyer, who buys IO and burns it', { chain: owed, policy: part('burn') }, unit);
  }
  const { result } = await stage.send('anybody', sink, 'withdraw', [paid.address, nameHex('vault')]);
  teller.agree('of them to the vault that pays rewards', { chain: result as bigint, policy: part('vault') }, unit);
  if (lease.currency === 'token') add(book, 'vault', part('vault'));
}
