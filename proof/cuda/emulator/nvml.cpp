// A libnvidia-ml.so.1 whose one card answers with the files report and chain.pem of the directory EVIDENCE, for the nonce that the report is for.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct Report {
  unsigned has_controller, bytes, controller_bytes;
  unsigned char nonce[0x20], report[0x2000], controller[0x1000];
};
struct Certificate {
  unsigned chain_bytes, attestation_chain_bytes;
  unsigned char chain[0x1000], attestation_chain[0x1400];
};

enum { OK = 0, NOT_FOUND = 6, UNKNOWN = 999 };

static unsigned read_file(const char* path, unsigned char* to, size_t most) {
  FILE* file = fopen(path, "rb");
  if (file == nullptr) return 0;
  const size_t bytes = fread(to, 1, most, file);
  fclose(file);
  return static_cast<unsigned>(bytes);
}

extern "C" {
int nvmlInit_v2() { return OK; }
int nvmlShutdown() { return OK; }
int nvmlDeviceGetHandleByUUID(const char* uuid, uint64_t* device) {
  *device = 0x1234;
  return strcmp(uuid, "GPU-emulated") == 0 ? OK : NOT_FOUND;
}
int nvmlDeviceGetConfComputeGpuAttestationReport(uint64_t device, Report* report) {
  report->bytes = read_file(EVIDENCE "/report", report->report, sizeof report->report);
  return device == 0x1234 && memcmp(report->nonce, report->report + 4, sizeof report->nonce) == 0 ? OK : UNKNOWN;
}
int nvmlDeviceGetConfComputeGpuCertificate(uint64_t, Certificate* certificate) {
  certificate->attestation_chain_bytes =
      read_file(EVIDENCE "/chain.pem", certificate->attestation_chain, sizeof certificate->attestation_chain);
  return OK;
}
}
