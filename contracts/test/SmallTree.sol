// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @dev Root and proofs of a few leaves, for tests. The last of an odd row goes up alone.
library SmallTree {
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        while (leaves.length > 1) leaves = above(leaves);
        return leaves[0];
    }

    function proof(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory path) {
        path = new bytes32[](8);
        uint256 length = 0;
        while (leaves.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < leaves.length) path[length++] = leaves[sibling];
            (leaves, index) = (above(leaves), index / 2);
        }
        assembly ("memory-safe") {
            mstore(path, length)
        }
    }

    function above(bytes32[] memory row) private pure returns (bytes32[] memory next) {
        next = new bytes32[]((row.length + 1) / 2);
        for (uint256 n = 0; n < next.length; n++) {
            bool alone = 2 * n + 1 == row.length;
            next[n] = alone ? row[2 * n] : Hashes.commutativeKeccak256(row[2 * n], row[2 * n + 1]);
        }
    }
}
