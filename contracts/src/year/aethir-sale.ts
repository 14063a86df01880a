import { licenceCost, licenceRefund } from '@gpucoop/policy/licence.ts';
import { aethir } from '@gpucoop/policy/presets/aethir.ts';
import { openSale, type Sale, type SaleOptions } from './licence-sale.ts';
import type { Network } from './network.ts';
import { balanceOf, type Stage } from './stage.ts';
import type { Teller } from './teller.ts';

const { policy } = aethir;
/** Of the first licence; times of the sale count from here. */
export const SALE = BigInt(Date.UTC(2024, 2, 18, 10) / 1000);
/** The sale stays open until here, and as long licences can be given back. */
export const SALE_END = SALE + BigInt(policy.licences!.refund.until_s);
/** Counts of the tiers are a hundredth of Aethir's, so that a handful of buyers meets a border. */
const tiers = policy.licences!.tiers.map((tier) => ({ ...tier, count: tier.count / 100 }));
const codes = {
  discount_ppm: policy.licences!.codes.discount_ppm,
  commission_ppm: policy.licences!.codes.commission_ppm,
};

/** The sale in three acts: those on the list, everybody, and the end of refunds. */
export async function playSale(
  stage: Stage,
  teller: Teller,
  network: Network,
  delegation: SaleOptions['delegation'],
): Promise<Sale> {
  const sale = await openSale(stage, network, {
    tiers,
    codes,
    opensAt: SALE,
    allowlistFor: BigInt(policy.licences!.phases.allowlist!.until_s),
    publicFrom: BigInt(policy.licences!.phases.public!.from_s),
    refundAt: SALE_END,
    lockedUntil: SALE + BigInt(policy.licences!.locked_until_s),
    refundFeePpm: policy.licences!.refund.fee_ppm,
    delegation,
  });
  const allowlisted = await playAllowlist(stage, teller, sale);
  const sold = await playPublicSale(stage, teller, sale, allowlisted);
  await playRefundEnd(stage, teller, sale, sold);
  return sale;
}

async function buy(
  stage: Stage,
  sale: Sale,
  name: string,
  count: number,
  how: { phase: bigint; referrer?: string },
): Promise<bigint> {
  const { result } = await stage.send(name, sale.contract, 'buy', [sale.order(name, count, how)]);
  return (result as [bigint, bigint])[1];
}

async function playAllowlist(stage: Stage, teller: Teller, sale: Sale): Promise<number> {
  teller.act(
    'The sale: first those on the list',
    `Licences are sold at prices that rise from tier to tier, all known before; the list and its allocations are published as one root.
    Kim may have five and Lee three. Prices are Aethir's, in ether; the tiers hold a hundredth of its numbers.`,
  );
  await sale.publishAllowlist({ Kim: 5, Lee: 3 });
  await stage.travelTo(SALE);
  await stage.refused('NotListed', 'Omar', sale.contract, 'buy', [sale.order('Omar', 1, { phase: 0n })]);
  await stage.refused('NotListed', 'Lee', sale.contract, 'buy', [
    { ...sale.order('Lee', 4, { phase: 0n }), allocation: 4n },
  ]);
  await stage.refused('AllocationExceeded', 'Lee', sale.contract, 'buy', [sale.order('Lee', 4, { phase: 0n })]);
  let sold = 0;
  for (const [name, count] of [
    ['Kim', 5],
    ['Lee', 3],
  ] as const) {
    const { cost } = licenceCost(tiers, { sold, count });
    teller.agree(
      `${name} pays for ${count}`,
      { chain: await buy(stage, sale, name, count, { phase: 0n }), policy: cost },
      sale.unit,
    );
    sold += count;
  }
  teller.say('Omar, who is not on the list, is refused, and so is Lee with a fourth.');
  return sold;
}

async function playPublicSale(stage: Stage, teller: Teller, sale: Sale, allowlisted: number) {
  teller.act(
    'The sale: then everybody, with codes',
    `Noor has registered as a referrer before, and gets 5 % of what is paid with her code once nothing can be given back any more. A first
    tier allows five to an address: Pia's twelve are the last five of it and seven of the second. Quinn gives two of his five back,
    and a tenth of their price is kept.`,
  );
  await stage.send('Noor', sale.contract, 'register');
  await stage.travelTo(SALE + BigInt(policy.licences!.phases.public!.from_s));
  let sold = allowlisted;
  let [proceeds, commissions] = [licenceCost(tiers, { sold: 0, count: sold }).cost, 0n];
  for (const { name, count, referrer } of [
    { name: 'Omar', count: 5 },
    { name: 'Quinn', count: 5, referrer: 'Noor' },
    { name: 'Pia', count: 12, referrer: 'Noor' },
  ]) {
    const terms = referrer === undefined ? undefined : codes;
    const { cost, commission } = licenceCost(tiers, { sold, count, ...(terms && { terms }) });
    const paid = await buy(stage, sale, name, count, { phase: 1n, ...(referrer !== undefined && { referrer }) });
    teller.agree(
      `${name} pays for ${count}${referrer === undefined ? '' : ' with the code'}`,
      { chain: paid, policy: cost },
      sale.unit,
    );
    [sold, proceeds, commissions] = [sold + count, proceeds + cost, commissions + commission];
  }
  await stage.refused('CapExceeded', 'Pia', sale.contract, 'buy', [sale.order('Pia', 4, { phase: 1n })]);
  const inAll = await stage.read(sale.contract, 'commissions');
  teller.agree("set aside for Noor's code", { chain: inAll, policy: commissions }, sale.unit);

  const first = BigInt(allowlisted + 5);
  const price = licenceCost(tiers, { sold: Number(first), count: 1, terms: codes });
  const { result: back } = await stage.send('Quinn', sale.contract, 'refund', [
    [first, first + 1n],
    stage.person('Quinn').address,
  ]);
  const refund = 2n * licenceRefund(price.cost, policy.licences!.refund.fee_ppm);
  teller.agree('Quinn gets back for two', { chain: back as bigint, policy: refund }, sale.unit);
  commissions -= 2n * price.commission;
  const left = await stage.read(sale.contract, 'commissions');
  teller.agree('then set aside', { chain: left, policy: commissions }, sale.unit);
  return { proceeds: proceeds - refund, commissions };
}

async function playRefundEnd(
  stage: Stage,
  teller: Teller,
  sale: Sale,
  of: { proceeds: bigint; commissions: bigint },
): Promise<void> {
  teller.act(
    'The one refund end',
    `Aethir promised nothing back; in Coop's contract whatever is paid waits until the end of refunds, which is the end of the sale: after
    ninety days here, since how long Aethir's was open is not published. Nobody can take anything before; then Noor takes her
    commission, and the treasury the rest.`,
  );
  await stage.refused('RefundStillPossible', 'anybody', sale.contract, 'collect');
  await stage.travelTo(SALE_END);
  const { result: taken } = await stage.send('Noor', sale.contract, 'takeCommission', [stage.person('Noor').address]);
  teller.agree('Noor', { chain: taken as bigint, policy: of.commissions }, sale.unit);
  await stage.send('anybody', sale.contract, 'collect');
  const treasury = await balanceOf(stage, sale.token, stage.person('treasury').address);
  teller.agree('the treasury', { chain: treasury, policy: of.proceeds - of.commissions }, sale.unit);
  teller.agree(
    'left in the sale',
    { chain: await balanceOf(stage, sale.token, sale.contract.address), policy: 0n },
    sale.unit,
  );
}
