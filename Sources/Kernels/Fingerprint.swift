// A commutative hash of rows: the sum, modulo 2^64, of a mix of each row's place and value. Wrapping arithmetic throughout: it is a hash.

import KernelABI

/// 2^64 / φ, odd (Knuth, TAOCP 3, 6.4): neighbouring rows get keys far apart.
private let fingerprintKey: UInt64 = 0x9E37_79B9_7F4A_7C15

/// The keys of eight rows from `firstRow` on.
@inline(always) func fingerprintKeys(firstRow: UInt64) -> LaneBits {
    (laneBits(firstRow) &+ laneIndices.unsigned) &* laneBits(fingerprintKey)
}

/// The step that is added to the keys for the next eight rows.
var fingerprintKeyStep: LaneBits { @inline(always) get { laneBits(fingerprintKey &* 8) } }

/// Computes a row's addend to the fingerprint: the product of its halves, as in XXH3, plus the row itself.
@inline(always) func fingerprintMix(_ bits: LaneBits, _ key: LaneBits) -> LaneBits {
    let mixed = bits ^ key
    return (mixed & laneBits(0xFFFF_FFFF)) &* (mixed &>> laneBits(32)) &+ mixed
}
