/**
 * io.net's multipliers for block rewards, in millionths, before and since 4 June 2025 15:00 UTC: its whole list, by our classes. A
 * name of several memory sizes or forms stands for all of them. (docs/block-rewards/proposed-device-block-reward-multiplier,
 * github.com/ionet-official/docs, read at 12 September 2025.)
 */
type Row = readonly [
  name: string,
  classes: readonly string[],
  group: 'enterprise' | 'community',
  before: number | null,
  since: number,
];

const rows: readonly Row[] = [
  ['M2 Pro', ['apple-m2-pro'], 'community', 750_000, 0],
  ['M2 Max', ['apple-m2-max'], 'community', 1_000_000, 0],
  ['M2 Ultra', ['apple-m2-ultra'], 'community', 1_250_000, 0],
  ['A10', ['a10'], 'community', 750_000, 0],
  ['A10G', ['a10g'], 'community', 750_000, 0],
  ['A16', ['a16'], 'community', 1_000_000, 0],
  ['A40', ['a40'], 'community', 2_000_000, 0],
  ['1080 Ti', ['gtx-1080-ti'], 'community', 250_000, 0],
  ['2080 Ti', ['rtx-2080-ti'], 'community', 250_000, 0],
  ['3050', ['rtx-3050-6gb', 'rtx-3050-8gb'], 'community', 250_000, 0],
  ['3050 Ti', ['rtx-3050-ti'], 'community', 250_000, 0],

  ['M3', ['apple-m3'], 'community', 500_000, 1_000_000],
  ['M3 Pro', ['apple-m3-pro'], 'community', 750_000, 1_250_000],
  ['M3 Max', ['apple-m3-max'], 'community', 1_000_000, 1_500_000],
  ['M4', ['apple-m4'], 'community', 500_000, 1_000_000],
  ['M4 Pro', ['apple-m4-pro'], 'community', 750_000, 1_250_000],
  ['M4 Max', ['apple-m4-max'], 'community', 1_000_000, 1_500_000],
  ['3060', ['rtx-3060-8gb', 'rtx-3060-12gb'], 'community', 250_000, 750_000],
  ['3060 Ti', ['rtx-3060-ti'], 'community', 250_000, 750_000],
  ['3070', ['rtx-3070'], 'community', 250_000, 1_000_000],
  ['3070 Ti', ['rtx-3070-ti'], 'community', 250_000, 1_000_000],
  ['3080', ['rtx-3080-10gb', 'rtx-3080-12gb'], 'community', 250_000, 1_500_000],
  ['3080 Ti', ['rtx-3080-ti'], 'community', 250_000, 1_750_000],
  ['3090', ['rtx-3090'], 'community', 500_000, 1_750_000],
  ['3090 Ti', ['rtx-3090-ti'], 'community', 500_000, 2_000_000],
  ['4060', ['rtx-4060'], 'community', 250_000, 1_000_000],
  ['4060 Ti', ['rtx-4060-ti-8gb', 'rtx-4060-ti-16gb'], 'community', 250_000, 1_000_000],
  ['4070', ['rtx-4070'], 'community', 250_000, 1_500_000],
  ['4070 Ti', ['rtx-4070-ti'], 'community', 250_000, 2_500_000],
  ['4080', ['rtx-4080'], 'community', 500_000, 2_750_000],
  ['L4', ['l4'], 'community', 750_000, 250_000],
  ['RTX 4000', ['quadro-rtx-4000'], 'community', 400_000, 750_000],
  ['4000 SFF Ada', ['rtx-4000-sff-ada'], 'community', 500_000, 1_000_000],
  ['RTX 5000', ['quadro-rtx-5000'], 'community', 250_000, 1_500_000],
  ['5000 Ada', ['rtx-5000-ada'], 'community', 1_500_000, 3_000_000],
  ['6000 Ada', ['rtx-6000-ada'], 'community', 2_500_000, 4_500_000],
  ['A4000', ['rtx-a4000'], 'community', 400_000, 1_500_000],
  ['A5000', ['rtx-a5000'], 'community', 750_000, 1_500_000],
  ['A6000', ['rtx-a6000'], 'community', 1_500_000, 2_000_000],
  ['T4', ['t4'], 'community', 400_000, 500_000],
  ['V100 16GB', ['v100-pcie-16gb', 'v100-sxm-16gb'], 'community', 500_000, 750_000],
  ['V100 32GB', ['v100-pcie-32gb', 'v100-sxm-32gb', 'v100s-pcie-32gb'], 'community', 750_000, 750_000],

  ['L40S', ['l40s'], 'enterprise', 2_250_000, 3_000_000],
  ['A100 80GB', ['a100-pcie-80gb', 'a100-sxm-80gb'], 'enterprise', null, 5_000_000],
  ['A100 40GB PCIe', ['a100-pcie-40gb'], 'enterprise', null, 2_000_000],
  ['4090', ['rtx-4090'], 'enterprise', 750_000, 1_250_000],
  ['4090 D', ['rtx-4090-d'], 'enterprise', 750_000, 1_250_000],
  ['H100', ['h100-sxm-80gb', 'h100-pcie-80gb'], 'enterprise', null, 10_000_000],
  ['H200', ['h200-sxm-141gb'], 'enterprise', 15_000_000, 12_000_000],
  ['B200', ['b200-sxm-180gb'], 'enterprise', null, 30_000_000],
];

export const ionetClasses = Object.fromEntries(
  rows.flatMap(([, classes, group, , since]) => classes.map((slug) => [slug, { group, weight_ppm: since }])),
);

/** What each class was worth before; the same as since where no other figure was published. */
export const ionetWeightsBefore: Readonly<Record<string, number>> = Object.fromEntries(
  rows.flatMap(([, classes, , before, since]) => classes.map((slug) => [slug, before ?? since])),
);

/** `H200, 15 before` for the sources. */
export const ionetNames: Readonly<Record<string, string>> = Object.fromEntries(
  rows.flatMap(([name, classes, , before]) =>
    classes.map((slug) => [slug, `“${name}”${before === null ? ', unchanged' : `, ${before / 1_000_000} before`}`]),
  ),
);
