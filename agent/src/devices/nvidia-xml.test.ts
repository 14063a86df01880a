import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNvidiaSmi, pciAddress } from './nvidia-xml.ts';

const recorded = (name: string) => readFileSync(new URL(`fixtures/${name}.xml`, import.meta.url), 'utf8');

describe('recorded reports', () => {
  test('driver 418, older than any document type', () => {
    const report = parseNvidiaSmi(recorded('quadro-p400-418'));
    expect(report).toMatchObject({ driver: '418.43', cuda: '10.1' });
    expect(report.gpus).toEqual([
      {
        index: 0,
        uuid: 'GPU-8f750be4-dfbc-23b9-b33f-da729a536494',
        name: 'Quadro P400',
        memoryMib: 1998,
        memoryUsedMib: 0,
        pciAddress: '0000:43:00.0',
        pciDeviceId: '1CB310DE',
        powerLimitW: null,
        defaultPowerLimitW: null,
        virtualisation: null,
        utilizationPercent: 0,
        migEnabled: false,
        migs: [],
        processes: [],
      },
    ]);
  });

  test('v11: the power limit under its old name, and the processes', () => {
    const [gpu] = parseNvidiaSmi(recorded('tesla-t4-v11')).gpus;
    expect(gpu).toMatchObject({
      name: 'Tesla T4',
      memoryMib: 15360,
      powerLimitW: 70,
      pciAddress: '0000:00:1e.0',
      migs: [],
    });
    expect(gpu?.processes).toEqual([
      { pid: 675, type: 'G', name: '/usr/lib/xorg/Xorg', memoryMib: 22, gpuInstanceId: null },
      { pid: 5762, type: 'C', name: 'python', memoryMib: 1005, gpuInstanceId: null },
    ]);
  });

  test('v12: MIG instances', () => {
    const [gpu] = parseNvidiaSmi(recorded('a100-sxm4-mig-v12')).gpus;
    expect(gpu).toMatchObject({
      migEnabled: true,
      memoryMib: 81920,
      powerLimitW: 500,
      utilizationPercent: null,
      processes: [],
    });
    expect(gpu?.migs.map((mig) => [mig.index, mig.gpuInstanceId, mig.memoryMib])).toEqual([
      [0, '3', 19968],
      [1, '4', 19968],
      [2, '5', 19968],
      [3, '6', 19968],
    ]);
  });

  test('v12 on a desktop', () => {
    const [gpu] = parseNvidiaSmi(recorded('rtx-3080-v12')).gpus;
    expect(gpu).toMatchObject({
      name: 'NVIDIA GeForce RTX 3080',
      memoryMib: 10240,
      memoryUsedMib: 1128,
      powerLimitW: 336,
    });
  });

  test('v13: the index is the order of the report, not the minor number', () => {
    const { gpus, driver } = parseNvidiaSmi(recorded('dual-a5000-v13'));
    expect(driver).toBe('590.44.01');
    expect(gpus.map((gpu) => [gpu.index, gpu.uuid?.slice(-2), gpu.pciAddress, gpu.powerLimitW])).toEqual([
      [0, 'ab', '0000:81:00.0', 230],
      [1, 'cd', '0000:c1:00.0', 230],
    ]);
    expect(gpus[1]?.processes).toMatchObject([{ pid: 100477, memoryMib: 17246 }]);
  });

  test('v13: Blackwell', () => {
    const [gpu] = parseNvidiaSmi(recorded('rtx-pro-6000-v13')).gpus;
    expect(gpu).toMatchObject({ memoryMib: 97887, powerLimitW: 300, pciDeviceId: '2BB410DE', migEnabled: false });
  });
});

test('a GPU that shares the memory of the machine has none of its own', () => {
  const xml = recorded('rtx-3080-v12').replace('<total>10240 MiB</total>', '<total>N/A</total>');
  expect(parseNvidiaSmi(xml).gpus[0]?.memoryMib).toBeNull();
});

test('values of a driver that lost its GPU are null, and never the text of the error', () => {
  const lost = recorded('tesla-t4-v11')
    .replaceAll(/>[^<]*(MiB|W|%)</g, '>[Unknown Error]<')
    .replace(/<uuid>.*<\/uuid>/, '<uuid>[Unknown Error]</uuid>');
  expect(parseNvidiaSmi(lost).gpus[0]).toMatchObject({
    uuid: null,
    memoryMib: null,
    powerLimitW: null,
    utilizationPercent: null,
  });
});

test('entities are not expanded', () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE nvidia_smi_log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
    <nvidia_smi_log><gpu><product_name>&b;</product_name></gpu></nvidia_smi_log>`;
  expect(parseNvidiaSmi(bomb).gpus[0]?.name).toBe('&b;');
});

test('what is not a report is refused', () => {
  expect(() =>
    parseNvidiaSmi('NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'),
  ).toThrow(/not an nvidia_smi_log/);
  expect(() => parseNvidiaSmi('')).toThrow(/not an nvidia_smi_log/);
  expect(() => parseNvidiaSmi(' '.repeat(9 * 1024 * 1024))).toThrow(/more than/);
});

test('a report that is cut off or damaged anywhere never gives a GPU with nonsense in it', () => {
  const whole = recorded('dual-a5000-v13');
  fc.assert(
    fc.property(fc.nat(whole.length), fc.nat(whole.length), fc.string({ maxLength: 6 }), (at, length, inserted) => {
      let report;
      try {
        report = parseNvidiaSmi(whole.slice(0, at) + inserted + whole.slice(at + (length % 400)));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        return;
      }
      for (const gpu of report.gpus) {
        for (const number of [gpu.memoryMib, gpu.powerLimitW, gpu.utilizationPercent]) {
          expect(number === null || (Number.isSafeInteger(number) && number >= 0)).toBe(true);
        }
        expect(gpu.processes.every((process) => Number.isSafeInteger(process.pid))).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});

test('PCI addresses are written as everywhere else', () => {
  expect(pciAddress('00000000:C1:00.0')).toBe('0000:c1:00.0');
  expect(pciAddress('00010000:01:00.0')).toBe('10000:01:00.0');
  expect(pciAddress('0001:01:00.0')).toBe('0001:01:00.0');
  expect(pciAddress('nonsense')).toBeNull();
});
