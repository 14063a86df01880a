import { expect, test } from 'vitest';
import { withoutNamespaces } from './podman-seccomp.ts';

test('namespaces and keyrings are taken out of what everybody may call, and out of nothing else', () => {
  const allow = 'SCMP_ACT_ALLOW';
  const forAdministrators = { names: ['setns', 'unshare'], action: allow, includes: { caps: ['CAP_SYS_ADMIN'] } };
  const refused = { names: ['userfaultfd'], action: 'SCMP_ACT_ERRNO' };
  const profile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['read', 'clone', 'clone3', 'unshare', 'keyctl'], action: allow, includes: {} },
      { names: ['mount'], action: allow },
      forAdministrators,
      refused,
    ],
  };
  const clone = { index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' };
  expect(withoutNamespaces(profile)).toEqual({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['read'], action: allow, includes: {} },
      forAdministrators,
      refused,
      { names: ['clone'], action: allow, args: [clone] },
    ],
  });
});
