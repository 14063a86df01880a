/**
 * The cards that people rent, as one table. A class is what two renters would call the same thing: form factor (SXM, PCIe, NVL)
 * and memory size are part of it, because speed and price differ. Memory is the size in the vendor's data sheet, in GiB; drivers
 * report up to 7 % less (error correction, firmware).
 */
export type GpuClass = {
  slug: string;
  vendor: 'nvidia' | 'amd' | 'intel' | 'cpu';
  memoryGib: number;
  /** What a person says who means all forms and sizes of it. */
  family: string;
  forms: readonly string[];
  /** As nvidia-smi or the ROCm and Intel tools print it. */
  driverNames: readonly string[];
  alsoCalled: readonly string[];
  /** PCI device ids, four hex digits: only where a driver's name leaves open which of several classes a card is. */
  pciDeviceIds: readonly string[];
};

type Details = {
  family?: string;
  forms?: string[];
  drivers?: string[];
  also?: string[];
  pci?: string[];
};

const SXM2 = ['SXM', 'SXM2'];
const SXM4 = ['SXM', 'SXM4'];
const SXM5 = ['SXM', 'SXM5'];
const SXM6 = ['SXM', 'SXM6'];
const PCIE = ['PCIe', 'PCI'];

export const gpuClasses: readonly GpuClass[] = [
  card('cpu', 'cpu', 0, { family: 'cpu' }),

  ...geforce('GTX 1060', [3, 6]),
  ...geforce('GTX 1070', [8]),
  ...geforce('GTX 1070 Ti', [8]),
  ...geforce('GTX 1080', [8]),
  ...geforce('GTX 1080 Ti', [11]),
  ...geforce('GTX 1650', [4]),
  ...geforce('GTX 1660', [6]),
  ...geforce('GTX 1660 SUPER', [6]),
  ...geforce('GTX 1660 Ti', [6]),
  ...geforce('RTX 2060', [6, 12]),
  ...geforce('RTX 2060 SUPER', [8]),
  ...geforce('RTX 2070', [8]),
  ...geforce('RTX 2070 SUPER', [8]),
  ...geforce('RTX 2080', [8]),
  ...geforce('RTX 2080 SUPER', [8]),
  ...geforce('RTX 2080 Ti', [11]),
  ...geforce('RTX 3050', [6, 8]),
  ...geforce('RTX 3060', [8, 12]),
  ...geforce('RTX 3060 Ti', [8]),
  ...geforce('RTX 3070', [8]),
  ...geforce('RTX 3070 Ti', [8]),
  ...geforce('RTX 3080', [10, 12]),
  ...geforce('RTX 3080 Ti', [12]),
  ...geforce('RTX 3090', [24]),
  ...geforce('RTX 3090 Ti', [24]),
  ...geforce('RTX 4060', [8]),
  ...geforce('RTX 4060 Ti', [8, 16]),
  ...geforce('RTX 4070', [12]),
  ...geforce('RTX 4070 SUPER', [12]),
  ...geforce('RTX 4070 Ti', [12]),
  ...geforce('RTX 4070 Ti SUPER', [16]),
  ...geforce('RTX 4080', [16]),
  ...geforce('RTX 4080 SUPER', [16]),
  ...geforce('RTX 4090', [24]),
  ...geforce('RTX 4090 D', [24]),
  ...geforce('RTX 5050', [8]),
  ...geforce('RTX 5060', [8]),
  ...geforce('RTX 5060 Ti', [8, 16]),
  ...geforce('RTX 5070', [12]),
  ...geforce('RTX 5070 Ti', [16]),
  ...geforce('RTX 5080', [16]),
  ...geforce('RTX 5090', [32]),
  ...geforce('RTX 5090 D', [32]),

  nvidia('titan-v', 12, { family: 'TITAN V' }),
  nvidia('titan-xp', 12, { family: 'TITAN Xp' }),
  nvidia('titan-rtx', 24, { family: 'TITAN RTX' }),
  nvidia('quadro-rtx-4000', 8, { family: 'Quadro RTX 4000', also: ['RTX 4000', 'Q RTX 4000'] }),
  nvidia('quadro-rtx-5000', 16, { family: 'Quadro RTX 5000', also: ['RTX 5000', 'Q RTX 5000'] }),
  nvidia('quadro-rtx-6000', 24, { family: 'Quadro RTX 6000', also: ['RTX 6000', 'Q RTX 6000'] }),
  nvidia('quadro-rtx-8000', 48, { family: 'Quadro RTX 8000', also: ['RTX 8000', 'Q RTX 8000'] }),
  nvidia('rtx-a2000-6gb', 6, { family: 'RTX A2000', also: ['A2000'] }),
  nvidia('rtx-a2000-12gb', 12, { family: 'RTX A2000', drivers: ['NVIDIA RTX A2000 12GB'], also: ['A2000'] }),
  nvidia('rtx-a4000', 16, { family: 'RTX A4000', also: ['A4000'] }),
  nvidia('rtx-a4500', 20, { family: 'RTX A4500', also: ['A4500'] }),
  nvidia('rtx-a5000', 24, { family: 'RTX A5000', also: ['A5000'] }),
  nvidia('rtx-a5500', 24, { family: 'RTX A5500', also: ['A5500'] }),
  nvidia('rtx-a6000', 48, { family: 'RTX A6000', also: ['A6000'] }),
  nvidia('rtx-2000-ada', 16, { family: 'RTX 2000 Ada' }),
  nvidia('rtx-4000-ada', 20, { family: 'RTX 4000 Ada' }),
  nvidia('rtx-4000-sff-ada', 20, { family: 'RTX 4000 SFF Ada' }),
  nvidia('rtx-4500-ada', 24, { family: 'RTX 4500 Ada' }),
  nvidia('rtx-5000-ada', 32, { family: 'RTX 5000 Ada' }),
  nvidia('rtx-5880-ada', 48, { family: 'RTX 5880 Ada' }),
  nvidia('rtx-6000-ada', 48, { family: 'RTX 6000 Ada', also: ['6000 Ada', 'A6000 Ada'] }),
  nvidia('rtx-pro-4000', 24, { family: 'RTX PRO 4000', drivers: ['NVIDIA RTX PRO 4000 Blackwell'] }),
  nvidia('rtx-pro-4500', 32, { family: 'RTX PRO 4500', drivers: ['NVIDIA RTX PRO 4500 Blackwell'] }),
  nvidia('rtx-pro-5000', 48, { family: 'RTX PRO 5000', drivers: ['NVIDIA RTX PRO 5000 Blackwell'] }),
  nvidia('rtx-pro-6000-workstation', 96, {
    family: 'RTX PRO 6000',
    forms: ['Workstation', 'WS', 'WK'],
    drivers: ['NVIDIA RTX PRO 6000 Blackwell Workstation Edition'],
    also: ['PRO 6000', 'RTX PRO 6000 Blackwell'],
  }),
  nvidia('rtx-pro-6000-max-q', 96, {
    family: 'RTX PRO 6000',
    forms: ['Max-Q'],
    drivers: ['NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition'],
    also: ['PRO 6000', 'RTX PRO 6000 Blackwell'],
  }),
  nvidia('rtx-pro-6000-server', 96, {
    family: 'RTX PRO 6000',
    forms: ['Server', 'S', 'SE'],
    drivers: ['NVIDIA RTX PRO 6000 Blackwell Server Edition'],
    also: ['PRO 6000', 'RTX PRO 6000 Blackwell'],
  }),

  nvidia('k80', 12, { family: 'K80', drivers: ['Tesla K80'] }),
  nvidia('m40-12gb', 12, { family: 'M40', drivers: ['Tesla M40'] }),
  nvidia('m40-24gb', 24, { family: 'M40', drivers: ['Tesla M40 24GB'] }),
  nvidia('p4', 8, { family: 'P4', drivers: ['Tesla P4'] }),
  nvidia('p40', 24, { family: 'P40', drivers: ['Tesla P40'] }),
  nvidia('p100-pcie-12gb', 12, { family: 'P100', forms: PCIE, drivers: ['Tesla P100-PCIE-12GB'] }),
  nvidia('p100-pcie-16gb', 16, { family: 'P100', forms: PCIE, drivers: ['Tesla P100-PCIE-16GB'] }),
  nvidia('p100-sxm-16gb', 16, { family: 'P100', forms: SXM2, drivers: ['Tesla P100-SXM2-16GB'] }),
  nvidia('v100-sxm-16gb', 16, { family: 'V100', forms: SXM2, drivers: ['Tesla V100-SXM2-16GB'], pci: ['1db1'] }),
  nvidia('v100-sxm-32gb', 32, {
    family: 'V100',
    forms: [...SXM2, 'SXM3'],
    drivers: ['Tesla V100-SXM2-32GB', 'Tesla V100-SXM3-32GB', 'Tesla V100-SXM2-32GB-LS'],
    pci: ['1db5'],
  }),
  nvidia('v100-pcie-16gb', 16, {
    family: 'V100',
    forms: PCIE,
    drivers: ['Tesla V100-PCIE-16GB', 'Tesla V100-FHHL-16GB'],
    pci: ['1db4'],
  }),
  nvidia('v100-pcie-32gb', 32, {
    family: 'V100',
    forms: PCIE,
    drivers: ['Tesla V100-PCIE-32GB', 'Tesla V100S-PCIE-32GB'],
    also: ['V100S'],
    pci: ['1db6'],
  }),
  nvidia('t4', 16, { family: 'T4', drivers: ['Tesla T4'], pci: ['1eb8'] }),
  nvidia('a2', 16, { family: 'A2' }),
  nvidia('a10', 24, { family: 'A10', pci: ['2236'] }),
  nvidia('a10g', 24, { family: 'A10G', pci: ['2237'] }),
  nvidia('a16', 16, { family: 'A16' }),
  nvidia('a30', 24, { family: 'A30', pci: ['20b7'] }),
  nvidia('a40', 48, { family: 'A40', pci: ['2235'] }),
  nvidia('a100-sxm-40gb', 40, { family: 'A100', forms: SXM4, drivers: ['NVIDIA A100-SXM4-40GB'], pci: ['20b0'] }),
  nvidia('a100-sxm-80gb', 80, { family: 'A100', forms: SXM4, drivers: ['NVIDIA A100-SXM4-80GB'], pci: ['20b2'] }),
  nvidia('a100-pcie-40gb', 40, { family: 'A100', forms: PCIE, drivers: ['NVIDIA A100-PCIE-40GB'], pci: ['20f1'] }),
  nvidia('a100-pcie-80gb', 80, {
    family: 'A100',
    forms: PCIE,
    drivers: ['NVIDIA A100 80GB PCIe', 'NVIDIA A100-PCIE-80GB'],
    pci: ['20b5'],
  }),
  nvidia('l4', 24, { family: 'L4', pci: ['27b8'] }),
  nvidia('l40', 48, { family: 'L40', pci: ['26b5'] }),
  nvidia('l40s', 48, { family: 'L40S', pci: ['26b9'] }),
  nvidia('h100-sxm-80gb', 80, {
    family: 'H100',
    forms: SXM5,
    drivers: ['NVIDIA H100 80GB HBM3', 'NVIDIA H100 SXM5 80GB'],
    pci: ['2330'],
  }),
  nvidia('h100-pcie-80gb', 80, { family: 'H100', forms: PCIE, drivers: ['NVIDIA H100 PCIe'], pci: ['2331'] }),
  nvidia('h100-nvl-94gb', 94, { family: 'H100', forms: ['NVL'], drivers: ['NVIDIA H100 NVL'], pci: ['2321'] }),
  nvidia('h200-sxm-141gb', 141, { family: 'H200', forms: SXM5, drivers: ['NVIDIA H200'], pci: ['2335'] }),
  nvidia('h200-nvl-141gb', 141, { family: 'H200', forms: ['NVL'], drivers: ['NVIDIA H200 NVL'], pci: ['233b'] }),
  nvidia('gh200-96gb', 96, { family: 'GH200', drivers: ['NVIDIA GH200 480GB'] }),
  nvidia('gh200-144gb', 144, { family: 'GH200', drivers: ['NVIDIA GH200 144G HBM3e'] }),
  nvidia('b200-sxm-180gb', 180, {
    family: 'B200',
    forms: SXM6,
    drivers: ['NVIDIA B200'],
    also: ['B200 192GB', 'B200 183GB'],
  }),
  nvidia('b300-sxm-288gb', 288, { family: 'B300', forms: SXM6, drivers: ['NVIDIA B300', 'NVIDIA B300 SXM6 AC'] }),
  nvidia('gb200-186gb', 186, { family: 'GB200', drivers: ['NVIDIA GB200'], also: ['GB200 192GB'] }),

  amd('mi100', 32, 'MI100', ['738c']),
  amd('mi210', 64, 'MI210', ['740f']),
  amd('mi250', 64, 'MI250', ['740c']), // one of the two dies, which is what a program sees as a device
  amd('mi250x', 64, 'MI250X', ['7408']),
  amd('mi300x', 192, 'MI300X', ['74a1']),
  amd('mi325x', 256, 'MI325X', ['74a5']),
  amd('mi355x', 288, 'MI355X', ['75a3']),
  amd('rx-6900-xt', 16, 'RX 6900 XT'),
  amd('rx-7900-xt', 20, 'RX 7900 XT'),
  amd('rx-7900-xtx', 24, 'RX 7900 XTX'),
  amd('rx-9070-xt', 16, 'RX 9070 XT'),
  amd('radeon-pro-w7900', 48, 'PRO W7900'),

  intel('arc-a770', 16, 'Arc A770'),
  intel('arc-b580', 12, 'Arc B580'),
  intel('max-1100', 48, 'Max 1100'),
  intel('max-1550', 128, 'Max 1550'),
];

function card(
  slug: string,
  vendor: GpuClass['vendor'],
  memoryGib: number,
  details: Details & { family: string },
): GpuClass {
  return {
    slug,
    vendor,
    memoryGib,
    family: details.family,
    forms: details.forms ?? [],
    driverNames: details.drivers ?? [details.family],
    alsoCalled: details.also ?? [],
    pciDeviceIds: details.pci ?? [],
  };
}

function nvidia(slug: string, memoryGib: number, details: Details & { family: string }): GpuClass {
  return card(slug, 'nvidia', memoryGib, details);
}

/** One class per memory size. The driver's name is the same for all sizes; what it reports as memory tells them apart. */
function geforce(model: string, sizesGib: number[]): GpuClass[] {
  const slug = model.toLowerCase().replaceAll(' ', '-');
  const also = [model.replace(/^[GR]TX /, '')];
  // Vast writes RTX_4070S, RTX_4070S_Ti, GTX_1660_S
  if (model.endsWith('SUPER')) also.push(model.replace(/ SUPER$/, ' S'), model.replace(/ Ti SUPER$/, 'S Ti'));
  return sizesGib.map((memoryGib) =>
    nvidia(sizesGib.length > 1 ? `${slug}-${memoryGib}gb` : slug, memoryGib, {
      family: model,
      drivers: [model, `${model} ${memoryGib}GB`],
      also,
    }),
  );
}

function amd(slug: string, memoryGib: number, family: string, pci: string[] = []): GpuClass {
  return card(slug, 'amd', memoryGib, { family, drivers: [family, `${family} OAM`], pci });
}

function intel(slug: string, memoryGib: number, family: string): GpuClass {
  return card(slug, 'intel', memoryGib, { family, drivers: [family, `${family} Graphics`, `Data Center ${family}`] });
}
