"""A verifier of proof-vectors.json, written from proof.md alone and with nothing but Python's own library (so ed25519 is left out).

    python3 docs/internals/proof-vectors-check.py
"""

import hashlib
import json
import pathlib
import struct

WORD = 0xFFFFFFFF


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def labelled(label, *parts):
    return sha(b"gpu-proof/v2/" + label.encode(), *parts)


def le32(value):
    return struct.pack("<I", value)


def words(digest):
    return list(struct.unpack("<8I", digest))


def mix(x):
    x ^= x >> 16
    x = x * 0x85EBCA6B & WORD
    x ^= x >> 13
    x = x * 0xC2B2AE35 & WORD
    return x ^ (x >> 16)


def word(key, matrix, counter):
    lane = counter % 4
    return mix(mix((counter + key[2 * lane] + matrix * 0x632BE5AB) & WORD) ^ key[2 * lane + 1])


def line(key, matrix, n, index):
    return b"".join(le32(word(key, matrix, index * (n // 4) + w)) for w in range(n // 4))


def fold(total, index, t):
    return mix((total + index * 0x9E3779B1 + (t + 1) * 0x85EBCA77) & WORD) & 0xFF


def root(hashes):
    width = 1
    while width < len(hashes):
        width *= 2
    level = hashes + [bytes(32)] * (width - len(hashes))
    while len(level) > 1:
        level = [sha(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def pieces(data):
    return [sha(data[at : at + 256].ljust(256, b"\0")) for at in range(0, len(data), 256)]


def climb(node, index, path):
    for at in range(0, len(path), 32):
        sibling = path[at : at + 32]
        node = sha(sibling, node) if index & 1 else sha(node, sibling)
        index >>= 1
    return node


def digest_leaf(key, n, row, t, number):
    sums = [0] * 4
    for k, v in enumerate(struct.unpack(f"<{n // 4}I", row)):
        sums[k % 4] = (sums[k % 4] + mix(v ^ word(key, 0, k))) & WORD
    return struct.pack(">6I", *sums, t, number) + bytes(8)


def signed_byte(value):
    return value - 256 if value > 127 else value


def check_work(work):
    assert all(mix(one["word"]) == one["mixed"] for one in work["mix"])
    assert all(word(work["key"], one["matrix"], one["counter"]) == one["word"] for one in work["words"])
    assert all(fold(one["sum"], one["index"], one["t"]) == one["byte"] for one in work["folds"])
    assert root([bytes.fromhex(slab["root"]) for slab in work["slabs"]]).hex() == work["root"]
    assert root([bytes.fromhex(one) for one in work["pass_slab_roots"]]).hex() == work["pass_root"]


def transcripts(messages):
    after, transcript = [], bytes(32)
    for message in messages:
        kind = message[3]
        assert message[:3] == b"GP\x02" and message[4:20] == messages[0][4:20]
        is_signed = kind in (1, 2, 4, 6)
        unsigned = message[:-64] if is_signed else message
        digest = root(pieces(unsigned)) if kind == 6 else sha(unsigned)
        transcript = labelled("transcript", transcript, digest, message[-64:] if is_signed else b"")
        after.append(transcript)
    return after


def draws(transcript):
    def stream():
        counter = 0
        while True:
            yield from words(labelled("query", transcript, le32(counter)))
            counter += 1

    source = stream()

    def below(bound):
        return next(value for value in source if value < 2**32 // bound * bound) % bound

    return below


def check_conversation(conversation):
    messages = [bytes.fromhex(one["bytes"]) for one in conversation["messages"]]
    assert [message[3] for message in messages] == [1, 2, 3, 4, 3, 4, 5, 6]
    after = transcripts(messages)
    assert [one.hex() for one in after] == [one["transcript_after"] for one in conversation["messages"]]
    n, slabs, exchanges, passes, q, m, q_r = struct.unpack("<7I", messages[0][100:128])
    work_key = words(labelled("work", after[0]))
    assert work_key == conversation["work_key"]
    commitment = messages[1][20:52]

    keys, roots = [], []
    for e in range(exchanges):
        answered = messages[3 + 2 * e][24:-64]
        assert messages[2 + 2 * e][20:24] == messages[3 + 2 * e][20:24] == le32(e)
        for p in range(passes):
            before = answered[32 * (p - 1) : 32 * p] if p > 0 else b""
            keys.append(words(labelled("pass", after[2 + 2 * e], le32(p), before)))
            roots.append(answered[32 * p : 32 * p + 32])
    assert keys == [key for exchange in conversation["pass_keys"] for key in exchange]

    below = draws(after[6])
    work = [(below(slabs), below(n), [below(n) for _ in range(m)]) for _ in range(q)]
    residency = [(below(exchanges * passes), below(slabs) + 1, below(n)) for _ in range(q_r)]

    body, at = messages[7][20:-64], 0

    def take(count):
        nonlocal at
        at += count
        assert at <= len(body)
        return body[at - count : at]

    row_levels, slab_levels = n.bit_length() - 1, (slabs - 1).bit_length()
    asked = [(t, i) for t, i, _ in work if t > 0] + [(t, row) for _, t, row in residency]
    rows = [(take(n), take(32 * row_levels)) for _ in asked]
    leaves = [[(take(256), take(32 * (2 * row_levels - 8))) for _ in range(m)] for _ in work]
    digests = [take(32 * row_levels) for _ in residency]
    row_slabs, leaf_slabs, digest_slabs = ([take(32 * slab_levels) for _ in part] for part in (asked, work, residency))
    assert at == len(body)

    for (t, row), (data, path), above in zip(asked, rows, row_slabs):
        assert climb(climb(root(pieces(data)), row, path), t - 1, above) == commitment
    opened = iter(rows)
    for (t, i, columns), entries, above in zip(work, leaves, leaf_slabs):
        data = line(work_key, 1, n, i) if t == 0 else next(opened)[0]
        reached = {climb(sha(leaf), j * (n // 256) + i // 256, path) for j, (leaf, path) in zip(columns, entries)}
        assert len(reached) == 1 and climb(reached.pop(), t, above) == commitment
        for j, (leaf, _) in zip(columns, entries):
            column = line(work_key, 2, n, j)
            total = sum(signed_byte(a) * signed_byte(b) for a, b in zip(data, column))
            assert leaf[i % 256] == fold(total, i * n + j, t)
    for (p, t, row), (data, _), path, above in zip(residency, opened, digests, digest_slabs):
        assert climb(climb(digest_leaf(keys[p], n, data, t, row), row, path), t - 1, above) == roots[p]

    verdict = bytes.fromhex(conversation["verdict"])
    assert verdict[:4] == b"GP\x02\x07" and verdict[20:52] == after[7]
    outcome, commit, taken_off, operations, resident, bandwidth, *times = struct.unpack(
        f"<I{5 + exchanges}Q", verdict[52:-64]
    )
    assert (outcome, taken_off) == (0, 0) and [commit, *times] == conversation["verdict_for_times_us"]
    assert operations == 2 * n**3 * slabs * (q - 3) // q * 10**6 // commit
    assert resident == n * n * slabs * (q_r - 3) // q_r
    assert bandwidth == resident * passes * 10**6 // sorted(times)[exchanges // 2]


vectors = json.loads(pathlib.Path(__file__).with_name("proof-vectors.json").read_text())
check_work(vectors["work"])
check_conversation(vectors["conversation"])
print("all vectors agree")
