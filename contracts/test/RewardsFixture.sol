// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Emission} from "../src/Emission.sol";
import {IRewards} from "../src/interfaces/IRewards.sol";
import {Policy} from "../src/Policy.sol";
import {PolicyMath} from "../src/PolicyMath.sol";
import {Rewards} from "../src/Rewards.sol";
import {EmissionFixture} from "./EmissionFixture.sol";
import {SmallTree} from "./SmallTree.sol";

/// @dev Rewards on the pools 0 and 1 of an Emission, with the vesting of 25 % after 30 days to all after 180.
abstract contract RewardsFixture is EmissionFixture {
    address internal constant FOUNDATION = address(0xF0);

    function newRewards(IERC20 bondToken) internal returns (Rewards rewards, Emission emission, Policy policy) {
        // Policy and Emission are made before it.
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        (emission, policy) = newEmission([next, next, FOUNDATION, FOUNDATION]);
        uint256[] memory pools = new uint256[](2);
        pools[1] = 1;
        rewards = Rewards(deploy("Rewards", abi.encode(emission, policy, bondToken, pools, vestingPoints())));
    }

    function vestingPoints() internal pure returns (PolicyMath.Vesting[] memory points) {
        points = new PolicyMath.Vesting[](2);
        points[0] = PolicyMath.Vesting(30 days, 250_000);
        points[1] = PolicyMath.Vesting(180 days, 1_000_000);
    }

    function leafOf(Rewards rewards, address account, uint256 cumulative) internal view returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(block.chainid, rewards, account, cumulative))));
    }

    function treeOf(Rewards rewards, address[] memory accounts, uint256[] memory cumulative)
        internal
        view
        returns (bytes32[] memory leaves)
    {
        leaves = new bytes32[](accounts.length);
        for (uint256 n = 0; n < leaves.length; n++) leaves[n] = leafOf(rewards, accounts[n], cumulative[n]);
    }

    function rootsOf(bytes32[] memory leaves, uint256 first, uint256 second)
        internal
        pure
        returns (IRewards.Roots memory roots)
    {
        roots.rewardRoot = SmallTree.root(leaves);
        roots.slashRoot = keccak256("slashes");
        roots.evidenceRoot = keccak256("evidence");
        roots.policyHash = HASH;
        roots.grants = new uint256[](2);
        (roots.grants[0], roots.grants[1]) = (first, second);
    }
}
