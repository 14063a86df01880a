// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {PolicyMath} from "../PolicyMath.sol";

/// @dev Opens the rules of Emission and Rewards to tests in TypeScript.
contract PolicyMathHarness {
    PolicyMath.Point[] private points;

    function decayTotal(PolicyMath.Decay calldata curve, uint256 elapsed) external pure returns (uint256) {
        return PolicyMath.decayTotalRoundedDown(curve, elapsed / curve.epochSeconds);
    }

    /// @dev Reads points where Emission has them; nothing is kept after a call.
    function pointsTotal(PolicyMath.Point[] calldata curve, uint256 elapsed) external returns (uint256) {
        delete points;
        for (uint256 n = 0; n < curve.length; n++) points.push(curve[n]);
        return PolicyMath.pointsTotalRoundedDown(points, elapsed);
    }

    function vested(PolicyMath.Vesting[] calldata curve, uint256 amount, uint256 elapsed)
        external
        pure
        returns (uint256)
    {
        return PolicyMath.vestedRoundedDown(curve, amount, elapsed);
    }

    function split(uint256 amount, uint256[] calldata weights) external pure returns (uint256[] memory, uint256) {
        return PolicyMath.splitRoundedDown(amount, weights);
    }

    /// @dev As Rewards checks a claim.
    function proves(bytes32 root, address rewards, address account, uint256 cumulative, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(block.chainid, rewards, account, cumulative))));
        return MerkleProof.verifyCalldata(proof, root, leaf);
    }
}
