import { contractParameters } from '@gpucoop/policy/contract-parameters.ts';
import { licenceCost, licenceRefund } from '@gpucoop/policy/licence.ts';
import { aethir } from '@gpucoop/policy/presets/aethir.ts';
import { openSale, type Sale } from './licence-sale.ts';
import type { Network } from './network.ts';
import { balanceOf, type Stage } from './stage.ts';
import type { Teller } from './teller.ts';

const { policy } = aethir;
const CROWD = 'the crowd';
/** Of the first licence; times of the sale count from here. */
export const SALE = BigInt(Date.UTC(2024, 2, 18, 10) / 1000);
/** The sale stays open until here, and as long licences can be given back. */
export const SALE_END = SALE + BigInt(policy.licences!.refund.until_s);
const { tiers, phases, locked_until_s, refund: refundRule } = policy.licences!;
export const LOCKED_UNTIL = SALE + BigInt(locked_until_s);
/** Who pays with a code pays less at once, as the contract has it. */
const { discountPpm, commissionPpm } = contractParameters(policy, { start: SALE_END, saleOpens: SALE }).sale!;
const codes = { discount_ppm: discountPpm, commission_ppm: commissionPpm };

/** The sale in three acts: those on the list, everybody, and the end of refunds. */
export async function playSale(stage: Stage, teller: Teller, network: Network): Promise<Sale> {
  const sale = await openSale(stage, network, { Kim: 10n, Lee: 10n, Omar: 10n, Quinn: 10n, Pia: 10n, [CROWD]: 1_000n });
  const allowlisted = await playAllowlist(stage, teller, sale);
  const sold = await playPublicSale(stage, teller, sale, allowlisted);
  await playRefundEnd(stage, teller, sale, sold);
  return sale;
}

async function playAllowlist(stage: Stage, teller: Teller, sale: Sale): Promise<number> {
  teller.act(
    'The sale: first those on the list',
    `Licences are sold at prices that rise from tier to tier, all known before; the list and its allocations are published as one root.
    Kim may have five and Lee three. Prices are Aethir's, in ether, for which the test dollar stands here, unit for unit.`,
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
      { chain: await sale.buy(name, count, { phase: 0n }), policy: cost },
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
    `Noor has registered as a referrer before: who pays with her code pays a tenth less, and she gets 5 % of that once nothing can be given back
    any more. The first tier of 2,300 allows five to an address. A crowd buys most of it, five each; Pia's twelve are its last five and
    seven of the second. Quinn gives two of his five back, and a tenth of their price is kept.`,
  );
  await stage.send('Noor', sale.contract, 'register');
  await stage.travelTo(SALE + BigInt(phases.public!.from_s));
  let sold = allowlisted;
  let [proceeds, commissions] = [licenceCost(tiers, { sold: 0, count: sold }).cost, 0n];
  const purchase = async (name: string, count: number, referrer?: string): Promise<void> => {
    const terms = referrer === undefined ? undefined : codes;
    const { cost, commission } = licenceCost(tiers, { sold, count, ...(terms && { terms }) });
    const paid = await sale.buy(name, count, { phase: 1n, ...(referrer !== undefined && { referrer }) });
    teller.agree(
      `${name} pays for ${count}${referrer === undefined ? '' : ' with the code'}`,
      { chain: paid, policy: cost },
      sale.unit,
    );
    [sold, proceeds, commissions] = [sold + count, proceeds + cost, commissions + commission];
  };
  await purchase('Omar', 5);
  await purchase('Quinn', 5, 'Noor');
  const toBorder = tiers[0]!.count - sold - 5;
  const { cost } = licenceCost(tiers, { sold, count: toBorder });
  const paid = await buyForCrowd(stage, sale, toBorder);
  teller.agree(`the crowd pays for ${toBorder}`, { chain: paid, policy: cost }, sale.unit);
  [sold, proceeds] = [sold + toBorder, proceeds + cost];
  await purchase('Pia', 12, 'Noor');
  await stage.refused('CapExceeded', 'Pia', sale.contract, 'buy', [sale.order('Pia', 4, { phase: 1n })]);
  const inAll = await stage.read(sale.contract, 'commissions');
  teller.agree("set aside for Noor's code", { chain: inAll, policy: commissions }, sale.unit);

  const first = sale.firstOf.get('Quinn')!;
  const price = licenceCost(tiers, { sold: Number(first), count: 1, terms: codes });
  const quinn = stage.person('Quinn').address;
  const { result: back } = await stage.send('Quinn', sale.contract, 'refund', [[first, first + 1n], quinn]);
  const refund = 2n * licenceRefund(price.cost, refundRule.fee_ppm);
  teller.agree('Quinn gets back for two', { chain: back as bigint, policy: refund }, sale.unit);
  commissions -= 2n * price.commission;
  const left = await stage.read(sale.contract, 'commissions');
  teller.agree('then set aside', { chain: left, policy: commissions }, sale.unit);
  return { proceeds: proceeds - refund, commissions };
}

/** As many as a tier allows an address, to one address after the other; one person pays for all. Returns what he paid. */
async function buyForCrowd(stage: Stage, sale: Sale, count: number): Promise<bigint> {
  const payer = stage.person(CROWD).address;
  const before = await balanceOf(stage, sale.token, payer);
  const cap = tiers[0]!.cap_per_address;
  for (let bought = 0; bought < count; bought += cap) {
    const order = sale.order(`${CROWD}, ${bought}`, Math.min(cap, count - bought), { phase: 1n });
    await stage.send(CROWD, sale.contract, 'buy', [order]);
  }
  return before - (await balanceOf(stage, sale.token, payer));
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
