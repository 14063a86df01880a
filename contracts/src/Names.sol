// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The names under which Policy keeps roles, parameters and what may be paused. Readable on chain: bytes32 of the text.
library Names {
    // Roles: who may do what. docs/reference/contracts.md lists every power.
    bytes32 internal constant GOVERNOR = "GOVERNOR";
    bytes32 internal constant GUARDIAN = "GUARDIAN";
    bytes32 internal constant POSTER = "POSTER";
    bytes32 internal constant ARBITER = "ARBITER";
    bytes32 internal constant SINK = "SINK";
    bytes32 internal constant BUYER = "BUYER";

    // What the guardian may pause, each for a bounded time.
    bytes32 internal constant POSTING = "POSTING";
    bytes32 internal constant SLASHING = "SLASHING";
    bytes32 internal constant SALE = "SALE";

    // Parameters of Rewards: seconds, and amounts of the bond's token or of the network's.
    bytes32 internal constant POSTER_BOND = "POSTER_BOND";
    bytes32 internal constant DISPUTE_BOND = "DISPUTE_BOND";
    bytes32 internal constant DISPUTE_SECONDS = "DISPUTE_SECONDS";
    bytes32 internal constant ARBITER_SECONDS = "ARBITER_SECONDS";
    bytes32 internal constant SILENCE_SECONDS = "SILENCE_SECONDS";
    bytes32 internal constant GRANT_MAX = "GRANT_MAX";

    // Parameter of Stake: an amount of its token.
    bytes32 internal constant APPEAL_BOND = "APPEAL_BOND";

    // The share of FeeSink that is burnt. Every other share is named after the role that holds it.
    bytes32 internal constant BURN = "BURN";

    /// @notice The parameter that holds a pool's weight in the split of its curve.
    function poolWeight(uint256 pool) internal pure returns (bytes32 name) {
        return keccak256(abi.encode("POOL_WEIGHT", pool));
    }

    /// @notice The parameter that holds a share's weight in the split of fees.
    function shareWeight(bytes32 share) internal pure returns (bytes32 name) {
        return keccak256(abi.encode("SHARE_WEIGHT", share));
    }
}
