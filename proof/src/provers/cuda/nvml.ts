import type { Evidence } from '../../attestation/verify-attestation.ts';

/**
 * A card's own report about itself, through NVIDIA's management library. Hopper and later data-centre cards have one, where confidential
 * computing is on; undefined for all others, and where there is no such library. Blocks for the second or so that a card takes.
 */
export async function readAttestation(
  uuid: string,
  nonce: Uint8Array,
  { library = 'libnvidia-ml.so.1' }: { library?: string } = {},
): Promise<Evidence | undefined> {
  const koffi = await import('koffi').catch(() => undefined);
  if (koffi === undefined) return undefined;
  let nvml;
  try {
    nvml = koffi.load(library);
  } catch {
    return undefined;
  }
  const called = (prototype: string, ...parameters: unknown[]): boolean => nvml.func(prototype)(...parameters) === 0;
  const device = new BigUint64Array(1);
  const report = Buffer.alloc(REPORT_BYTES);
  report.set(nonce, NONCE_AT);
  const certificates = Buffer.alloc(CERTIFICATE_BYTES);
  if (!called('int nvmlInit_v2()')) return undefined;
  try {
    const answered =
      called('int nvmlDeviceGetHandleByUUID(str uuid, void *device)', uuid, device) &&
      called('int nvmlDeviceGetConfComputeGpuAttestationReport(uint64_t device, void *report)', device[0], report) &&
      called('int nvmlDeviceGetConfComputeGpuCertificate(uint64_t device, void *certificate)', device[0], certificates);
    if (!answered) return undefined;
  } finally {
    called('int nvmlShutdown()');
  }
  const reportSize = Math.min(report.readUInt32LE(4), REPORT_MAX);
  const chainSize = Math.min(certificates.readUInt32LE(4), CHAIN_MAX);
  return {
    report: new Uint8Array(report.subarray(REPORT_AT, REPORT_AT + reportSize)),
    chain: certificates.toString('latin1', CHAIN_AT, CHAIN_AT + chainSize),
  };
}

/** nvmlConfComputeGpuAttestationReport_t: three words (second: size of the report), nonce, report, and one of a controller. */
const NONCE_AT = 12;
const REPORT_AT = NONCE_AT + 32;
const REPORT_MAX = 0x2000;
const REPORT_BYTES = REPORT_AT + REPORT_MAX + 0x1000;
/** nvmlConfComputeGpuCertificate_t: two sizes (second: of the chain for attestation), certificate chain, chain for attestation. */
const CHAIN_AT = 8 + 0x1000;
const CHAIN_MAX = 0x1400;
const CERTIFICATE_BYTES = CHAIN_AT + CHAIN_MAX;
