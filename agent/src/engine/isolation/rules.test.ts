import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isolationNames } from './names.ts';
import { freeSubnet } from './network.ts';
import { attachedRanges, holds, networkOf, privateResolvers, PRIVATE_RANGES, toNumber } from './private-ranges.ts';
import { chainRules, marked, stands } from './rules.ts';

const names = isolationNames('mch_a');

describe('the rules', () => {
  const rules = chainRules(names, { ranges: [...PRIVATE_RANGES], resolvers: ['192.168.1.1'] });

  test('let a private resolver be asked before the private is refused, and only on port 53', () => {
    const forward = rules[names.forwardChain] as string[];
    const resolver = forward.findIndex((rule) => rule.includes('192.168.1.1/32 -p udp --dport 53 -j RETURN'));
    expect(resolver).toBeGreaterThan(0);
    expect(resolver).toBeLessThan(forward.findIndex((rule) => rule.includes('192.168.0.0/16')));
    expect(forward.filter((rule) => rule.includes('192.168.1.1')).every((rule) => rule.includes('--dport 53'))).toBe(
      true,
    );
  });

  test('stand only when all of them do, in their order and with nothing between', () => {
    const chain = rules[names.inputChain] as string[];
    const listing = marked(names, chain).map((rule) => `-A ${names.inputChain} ${rule}`);
    expect(stands(names, chain, listing)).toBe(true);
    expect(stands(names, chain, listing.slice(1))).toBe(false);
    expect(stands(names, chain, listing.toReversed())).toBe(false);
    expect(stands(names, chain, [`-A ${names.inputChain} -j ACCEPT`, ...listing])).toBe(false);
    expect(stands(names, [...chain, '-j DROP'], listing)).toBe(false);
  });

  test('names fit what the kernel allows, and agents differ', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const { bridge, forwardChain, inputChain, tag } = isolationNames(one);
        expect(bridge.length).toBeLessThanOrEqual(15);
        expect(Math.max(forwardChain.length, inputChain.length)).toBeLessThanOrEqual(28);
        expect(tag).toMatch(/^coop:[\w.-]+$/);
        if (one !== other) expect(isolationNames(other).bridge).not.toBe(bridge);
      }),
    );
  });
});

describe('addresses', () => {
  test('resolvers: private ones of every place, not the host’s own loopback, not public ones', () => {
    const files = [
      {
        text: 'nameserver 127.0.0.53\nnameserver 192.168.1.1\n# nameserver 10.0.0.9\nnameserver fd00::1',
        isJson: false,
      },
      { text: 'nameserver 8.8.8.8', isJson: false },
      { text: '{"dns": ["10.1.1.1"]}', isJson: true },
      { text: 'not json', isJson: true },
    ];
    expect(privateResolvers(files, [...PRIVATE_RANGES])).toEqual(['10.1.1.1', '192.168.1.1']);
  });

  test('networks that the host is attached to under public addresses are private too', () => {
    const address = (ip: string, prefix: number) => ({
      address: ip,
      cidr: `${ip}/${prefix}`,
      family: 'IPv4' as const,
      internal: false,
      netmask: '',
      mac: '',
    });
    expect(
      attachedRanges({
        lab: [address('192.0.2.77', 24)],
        home: [address('192.168.1.5', 24)],
        point: [address('198.51.100.9', 32)],
      }),
    ).toEqual(['192.0.2.0/24', '198.51.100.9/32']);
  });

  test('a subnet meets no route and no network of the engine, whatever is taken', () => {
    const subnet = fc.record({
      network: fc.integer({ min: 0, max: 2 ** 22 - 1 }).map((part) => (toNumber('10.0.0.0') + part * 4) >>> 0),
      prefix: fc.integer({ min: 12, max: 30 }),
    });
    fc.assert(
      fc.property(fc.string(), fc.array(subnet, { maxLength: 30 }), (agentId, taken) => {
        const [address, prefix] = freeSubnet(agentId, taken).split('/') as [string, string];
        expect(holds(['10.64.0.0/10'], address)).toBe(true);
        for (const other of taken) {
          const shorter = Math.min(other.prefix, Number(prefix));
          const otherAddress = [24, 16, 8, 0].map((shift) => (other.network >>> shift) & 255).join('.');
          expect(networkOf(otherAddress, shorter)).not.toBe(networkOf(address, shorter));
        }
      }),
    );
  });

  test('a default route takes nothing; a taken range that holds all is an error', () => {
    expect(freeSubnet('a', [{ network: 0, prefix: 0 }])).toMatch(/^10\./);
    expect(() => freeSubnet('a', [{ network: toNumber('10.0.0.0'), prefix: 8 }])).toThrow('no free subnet');
  });
});
