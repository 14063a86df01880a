// A libcuda.so.1 with three emulated cards, of compute capability 8.0, 7.5 and 9.0: only the calls that the prover makes, and the kernels
// as functions of the processor. Work is done when somebody asks whether it is done, on the latest stream first, so that an order that
// the host forgot to ask for is not kept by accident. `emulate_trouble` is for tests of what goes wrong.
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fibers.h"

#include "../kernels.cu"
namespace tensor {
#define product product_tensor
#include "../product-tensor.cu"
#undef product
}  // namespace tensor
namespace wgmma {
#define product product_wgmma
#include "../product-wgmma.cu"
#undef product
}  // namespace wgmma
namespace dp4a {
#define product product_dp4a
#include "../product-dp4a.cu"
#undef product
}  // namespace dp4a

namespace {

using Ptr = unsigned long long;
using Launch = std::function<void()>;
/// From what cuLaunchKernel points at, which is copied at once, to the call.
using Kernel = std::function<Launch(void**)>;

template <typename... Parameters, size_t... N>
Launch bound(void (*entry)(Parameters...), void** at, std::index_sequence<N...>) {
  return std::bind(entry, *static_cast<Parameters*>(at[N])...);
}

template <typename... Parameters>
Kernel kernel(void (*entry)(Parameters...)) {
  return [entry](void** at) { return bound(entry, at, std::index_sequence_for<Parameters...>{}); };
}

const std::map<std::string, Kernel> kernels = {
    {"generate", kernel(generate)},          {"row_nodes", kernel(row_nodes)},
    {"join", kernel(join)},                  {"digest", kernel(digest)},
    {"gather", kernel(gather)},              {"product sm_80", kernel(tensor::product_tensor)},
    {"product sm_75", kernel(dp4a::product_dp4a)},
    {"product sm_90a", kernel(wgmma::product_wgmma)},
};

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_DEVICE = 101, INVALID_IMAGE = 200, NO_BINARY_FOR_GPU = 209,
       INVALID_CONTEXT = 201, NOT_FOUND = 500, NOT_READY = 600, ILLEGAL_ADDRESS = 700 };

/// What a block may have of shared memory is what the least card of its generation gives.
struct Card { const char* name; int major, minor; unsigned shared_bytes; };
const Card cards[] = {{"Emulated 8.0", 8, 0, 99 * 1024}, {"Emulated 7.5", 7, 5, 64 * 1024}, {"Emulated 9.0", 9, 0, 227 * 1024}};
constexpr int CARDS = 3;
constexpr size_t CARD_BYTES = 1u << 30, GUARD_BYTES = 64;
/// Of shared memory in a block, without asking.
constexpr unsigned SHARED_BYTES_USUAL = 48 * 1024;
std::map<const Kernel*, unsigned> shared_allowed;
/// A kernel that does nothing, one that ends its context, and a target whose texts are refused.
std::string idle, crashing, refused;

struct Event { long wanted = 0, reached = 0; };
/// A step is done, or has to wait for an event.
struct Stream { std::deque<std::function<bool()>> steps; };
struct Module { std::string text; };
struct Context {
  int card;
  int retained = 0;
  size_t allocated = 0;
  bool failed = false;
  std::map<Ptr, size_t> memory;
  std::vector<Stream*> streams;
};

Context contexts[CARDS] = {{0, 0, 0, false, {}, {}}, {1, 0, 0, false, {}, {}}, {2, 0, 0, false, {}, {}}};
Context* current = nullptr;

std::string target_of(const std::string& text) {
  const size_t at = text.find(".target ") + 8;
  return text.substr(at, text.find_first_of(" \n", at) - at);
}

/// One step of one stream; false when none can be done.
bool step(Context& context) {
  for (size_t k = context.streams.size(); k-- > 0;) {
    auto& steps = context.streams[k]->steps;
    if (steps.empty() || !steps.front()()) continue;
    steps.pop_front();
    return true;
  }
  return false;
}

}  // namespace

extern "C" {

int cuInit(unsigned) { return OK; }
int cuDriverGetVersion(int* version) { return *version = 13000, OK; }
int cuDeviceGetCount(int* count) { return *count = CARDS, OK; }
int cuDeviceGet(int* device, int ordinal) { return ordinal < CARDS ? (*device = ordinal, OK) : INVALID_DEVICE; }
int cuDeviceGetName(char* name, int bytes, int device) { return strncpy(name, cards[device].name, static_cast<size_t>(bytes)), OK; }
int cuDeviceTotalMem_v2(size_t* bytes, int) { return *bytes = CARD_BYTES, OK; }
int cuDeviceGetUuid_v2(unsigned char* uuid, int device) {
  for (int k = 0; k < 16; k++) uuid[k] = static_cast<unsigned char>(16 * device + k);
  return OK;
}
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  if (attribute == 75) return *value = cards[device].major, OK;
  if (attribute == 76) return *value = cards[device].minor, OK;
  return INVALID_VALUE;
}

int cuDevicePrimaryCtxRetain(Context** context, int device) {
  *context = contexts + device;
  (*context)->retained++;
  return OK;
}
int cuDevicePrimaryCtxRelease_v2(int device) {
  Context& context = contexts[device];
  if (--context.retained > 0) return OK;
  context.failed = false;
  return context.memory.empty() && context.streams.empty() ? OK : INVALID_CONTEXT;
}
int cuCtxSetCurrent(Context* context) { return current = context, OK; }

int cuMemGetInfo_v2(size_t* free, size_t* total) {
  if (current == nullptr) return INVALID_CONTEXT;
  *total = CARD_BYTES;
  *free = CARD_BYTES - current->allocated;
  return OK;
}
int cuMemAlloc_v2(Ptr* address, size_t bytes) {
  if (current == nullptr) return INVALID_CONTEXT;
  if (current->failed) return ILLEGAL_ADDRESS;
  if (bytes == 0) return INVALID_VALUE;
  if (current->allocated + bytes > CARD_BYTES) return OUT_OF_MEMORY;
  void* memory = aligned_alloc(256, (bytes + GUARD_BYTES + 255) / 256 * 256);
  memset(memory, 0xa5, bytes + GUARD_BYTES);
  *address = reinterpret_cast<Ptr>(memory);
  current->memory[*address] = bytes;
  current->allocated += bytes;
  return OK;
}
int cuMemFree_v2(Ptr address) {
  if (current == nullptr || current->memory.count(address) == 0) return INVALID_VALUE;
  while (step(*current)) {}
  const size_t bytes = current->memory[address];
  auto* memory = reinterpret_cast<unsigned char*>(address);
  bool intact = true;
  for (size_t k = 0; k < GUARD_BYTES; k++) intact &= memory[bytes + k] == 0xa5;
  current->memory.erase(address);
  current->allocated -= bytes;
  free(memory);
  return intact ? OK : ILLEGAL_ADDRESS;
}
/// As the driver's, it waits for no stream but the default one.
int cuMemcpyDtoH_v2(void* to, Ptr from, size_t bytes) { return memcpy(to, reinterpret_cast<void*>(from), bytes), OK; }
int cuMemcpyHtoDAsync_v2(Ptr to, const void* from, size_t bytes, Stream* stream) {
  const auto* source = static_cast<const unsigned char*>(from);
  stream->steps.push_back([to, data = std::vector<unsigned char>(source, source + bytes)] {
    memcpy(reinterpret_cast<void*>(to), data.data(), data.size());
    return true;
  });
  return OK;
}

int cuStreamCreate(Stream** stream, unsigned) {
  if (current == nullptr) return INVALID_CONTEXT;
  current->streams.push_back(*stream = new Stream);
  return OK;
}
int cuStreamDestroy_v2(Stream* stream) {
  while (step(*current)) {}
  auto& streams = current->streams;
  for (size_t k = 0; k < streams.size(); k++) {
    if (streams[k] == stream) streams.erase(streams.begin() + static_cast<long>(k));
  }
  delete stream;
  return OK;
}
int cuEventCreate(Event** event, unsigned) { return *event = new Event, OK; }
int cuEventDestroy_v2(Event* event) {
  while (current != nullptr && step(*current)) {}
  delete event;
  return OK;
}
int cuEventRecord(Event* event, Stream* stream) {
  const long wanted = ++event->wanted;
  stream->steps.push_back([event, wanted] { return event->reached = wanted, true; });
  return OK;
}
int cuStreamWaitEvent(Stream* stream, Event* event, unsigned) {
  const long wanted = event->wanted;
  stream->steps.push_back([event, wanted] { return event->reached >= wanted; });
  return OK;
}
int cuEventQuery(Event* event) {
  if (current == nullptr) return INVALID_CONTEXT;
  if (event->reached < event->wanted) step(*current);
  if (current->failed) return ILLEGAL_ADDRESS;
  return event->reached >= event->wanted ? OK : NOT_READY;
}

/// As a driver of CUDA 11 does, it refuses PTX of a later version, but for Hopper, which came later; as every driver does, PTX for a later
/// card, and PTX for one card alone on any other.
int cuModuleLoadData(Module** module, const char* image) {
  const std::string text(image), target = target_of(text);
  if (target == refused) return INVALID_IMAGE;
  if (text.find(target == "sm_90a" ? ".version 8.0\n" : ".version 7.0\n") == std::string::npos) return INVALID_IMAGE;
  const Card& card = cards[current->card];
  const int capability = 10 * card.major + card.minor;
  if (target == "sm_90a" ? capability != 90 : capability < std::stoi(target.substr(3))) return NO_BINARY_FOR_GPU;
  *module = new Module{text};
  return OK;
}
int cuModuleUnload(Module* module) { return delete module, OK; }
int cuModuleGetFunction(const Kernel** function, Module* module, const char* name) {
  if (module->text.find(".visible .entry " + std::string(name) + "(") == std::string::npos) return NOT_FOUND;
  const std::string known = std::string(name) == "product" ? "product " + target_of(module->text) : name;
  const auto found = kernels.find(known);
  if (found == kernels.end()) return NOT_FOUND;
  *function = &found->second;
  return OK;
}
/// CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES is the one that is known.
int cuFuncSetAttribute(const Kernel* function, int attribute, int value) {
  if (attribute != 8 || value < 0 || static_cast<unsigned>(value) > cards[current->card].shared_bytes) return INVALID_VALUE;
  shared_allowed[function] = static_cast<unsigned>(value);
  return OK;
}
int cuLaunchKernel(const Kernel* function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned threads_y, unsigned threads_z,
                   unsigned shared_bytes, Stream* stream, void** parameters, void** extra) {
  if (x == 0 || y == 0 || z != 1 || threads_y != 1 || threads_z != 1 || extra != nullptr) return INVALID_VALUE;
  const auto allowed = shared_allowed.find(function);
  if (shared_bytes > (allowed == shared_allowed.end() ? SHARED_BYTES_USUAL : allowed->second)) return INVALID_VALUE;
  if (!idle.empty() && function == &kernels.at(idle)) return OK;
  const bool crashes = !crashing.empty() && function == &kernels.at(crashing);
  stream->steps.push_back([launch = (*function)(parameters), context = current, crashes, x, y, threads, shared_bytes] {
    if (crashes) context->failed = true;
    if (!context->failed) run_grid({x, y, 1}, threads, shared_bytes, launch);
    return true;
  });
  return OK;
}

/// From now on, for one kernel or target each; "" is none.
void emulate_trouble(const char* idle_kernel, const char* crashing_kernel, const char* refused_target) {
  idle = idle_kernel;
  crashing = crashing_kernel;
  refused = refused_target;
}

int cuGetErrorName(int, const char** name) { return *name = "CUDA_ERROR_EMULATED", OK; }

}  // extern "C"
