import { feesOf } from '@gpucoop/policy/fees.ts';
import { licenceSupply, tierOf } from '@gpucoop/policy/licence.ts';
import { standardUnitsPpm } from '@gpucoop/policy/partner-units.ts';
import { mayTakePart } from '@gpucoop/policy/place.ts';
import { depositRoundedUp } from '@gpucoop/policy/pledge.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { priceAfterRebates } from '@gpucoop/policy/rebates.ts';
import { price } from '../rows/checkers.ts';
import { count, factor, grouped, share, span } from '../values.ts';
import { inDollars, usd, worth, type Answer, type Answering } from './answer.ts';
import type { Question } from './question.ts';
import { checkerDay } from './reward-answers.ts';

/** What a renter pays and a provider gets for an hour, in either currency. */
export const feeAnswers: Answering = (policy, question) => {
  const asked = question.askMicrosPerHour * BigInt(question.devices);
  const currencies = policy.fees.token === null ? (['dollars'] as const) : (['dollars', 'token'] as const);
  return currencies.map((currency) => {
    const lines = feesOf(policy.fees, currency, asked);
    const rates = currency === 'dollars' ? { ...policy.fees, discount_ppm: 0 } : policy.fees.token!;
    const text = (micros: bigint): string =>
      currency === 'dollars' ? usd(micros) : `${usd(micros)} = ${inTokens(micros, policy, question)}`;
    return {
      title: `an hour in ${currency === 'dollars' ? 'dollars' : policy.token!.symbol}`,
      value: `renter pays ${text(lines.renterPays)}, provider gets ${text(lines.providerGets)}`,
      exact: { renter_pays_micros: lines.renterPays.toString(), provider_gets_micros: lines.providerGets.toString() },
      formula: `${usd(asked)} asked; renter ${share(rates.renter_ppm)}${rates.discount_ppm === 0 ? '' : `, less ${share(rates.discount_ppm)}`}, provider ${share(rates.provider_ppm)}; the network has ${usd(lines.network)}`,
    };
  });
};

function inTokens(micros: bigint, policy: Policy, question: Question): string {
  const amount = (micros * 10n ** BigInt(policy.token!.decimals)) / question.tokenMicros(policy.name);
  return worth(amount, policy, question).split(' = ')[0]!;
}

/** What a checker's licence costs, and when it has paid for itself. */
export const licenceAnswers: Answering = (policy, question) => {
  const { licences } = policy;
  if (licences === null) return [{ title: 'licence', value: 'none are sold', formula: '' }];
  const all = licenceSupply(licences.tiers);
  if (question.sold >= all) return [{ title: 'licence', value: 'sold out', formula: `${grouped(String(all))} in all` }];
  const tier = licences.tiers[tierOf(licences.tiers, question.sold).tier]!;
  const cost = priceMicros(tier.price, policy, question);
  const { base, bonus } = checkerDay(policy, question, all);
  const daily = inDollars(base + bonus, policy, question);
  return [
    {
      title: 'licence',
      value: `${price(tier.price, licences)}${licences.currency === 'dollars' ? '' : ` = ${usd(cost)}`}`,
      exact: { price: tier.price.toString(), micros: cost.toString() },
      formula: `the next after ${grouped(String(question.sold))} sold; ${price(priceAfterRebates(tier.price, licences.codes), licences)} after all that can be given back`,
    },
    {
      title: 'pays for itself',
      value: daily === 0n ? 'never' : `after ${daysText(Number(cost / daily))}`,
      exact: daily === 0n ? {} : { days: (cost / daily).toString(), tokens_per_day: (base + bonus).toString() },
      formula: `${worth(base + bonus, policy, question)} a day${bonus === 0n ? '' : ', bonus included'}, ${grouped(String(all))} licences alike; nothing deducted for running it`,
    },
  ];
};

const daysText = (days: number): string =>
  days < 730 ? count(days, 'day') : count(Math.round(days / 36.525) / 10, 'year');

function priceMicros(amount: bigint, policy: Policy, question: Question): bigint {
  const { currency, decimals } = policy.licences!;
  const unit =
    currency === 'dollars'
      ? 1_000_000n
      : currency === 'ether'
        ? question.etherMicros
        : question.tokenMicros(policy.name);
  return (amount * unit) / 10n ** BigInt(decimals);
}

/** What only some policies have. */
export const otherAnswers: Answering = (policy, question) => {
  const answers: Answer[] = [];
  const { pledges, partner } = policy;
  if (pledges !== null) {
    const deposit = depositRoundedUp(pledges, {
      units: question.devices,
      priceMicrosPerHour: question.askMicrosPerHour,
    });
    answers.push({
      title: 'a pledge for as many',
      value: `${usd(deposit)} deposit`,
      formula: `${span(pledges.deposit_s)} of the price; back in full, or less ${share(pledges.lapse_ppm)} if the renter does not come`,
    });
  }
  const units = partner === null ? undefined : standardUnitsPpm(partner, question.class, question.devices, 1);
  if (partner !== null && units !== undefined)
    answers.push({
      title: 'lent to a partner',
      value: `${factor(Number(units)).slice(2)} units an hour`,
      formula: `one unit is an hour of ${partner.unit}; fee ${share(partner.fee_ppm)}`,
    });
  if (question.place !== undefined) {
    const roles = (['providers', 'renters', 'claims'] as const).map(
      (role) => `${role} ${mayTakePart(policy.place, role, question.place!) ? 'yes' : 'no'}`,
    );
    answers.push({
      title: `from ${question.place}`,
      value: roles.join(', '),
      formula: policy.place === null ? 'from everywhere' : '',
    });
  }
  return answers;
};
