// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IRewards} from "../src/interfaces/IRewards.sol";
import {IStake} from "../src/interfaces/IStake.sol";
import {Policy} from "../src/Policy.sol";
import {Rewards} from "../src/Rewards.sol";
import {Stake} from "../src/Stake.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {RewardsFixture} from "./RewardsFixture.sol";

/// @dev A Stake with a machine that has some, and the shortest way to a slash that may be announced: a root of one leaf is the leaf.
abstract contract StakeFixture is RewardsFixture {
    bytes32 internal constant MACHINE = keccak256("machine");
    bytes32 internal constant LEASE = keccak256("lease");
    address internal constant OWNER = address(0x80);
    address internal constant VICTIM = address(0x81);
    uint256 internal constant MACHINE_CAP_PPM = 500_000;
    uint256 internal constant ROOT_CAP_PPM = 200_000;
    uint64 internal constant COOLDOWN = 21 days;
    uint64 internal constant APPEAL = 3 days;
    uint64 internal constant DECIDE = 7 days;
    uint64 internal constant EPOCHS_OPEN = 4;
    uint256 internal constant APPEAL_BOND = 50;
    uint256 internal constant START = 1_800_000_000;

    Rewards internal rewards;
    FreeToken internal token;
    Stake public stake;
    Policy internal policy;

    function setUpStake() internal {
        vm.warp(START);
        token = new FreeToken(18);
        (rewards,, policy) = newRewards(token);
        token.mint(POSTER, 1e9);
        vm.prank(POSTER);
        token.approve(address(rewards), type(uint256).max);
        stake = newStake(token);
    }

    function newStake(FreeToken of_) internal returns (Stake made) {
        return Stake(
            deploy(
                "Stake",
                abi.encode(
                    IERC20(of_),
                    policy,
                    rewards,
                    MACHINE_CAP_PPM,
                    ROOT_CAP_PPM,
                    Stake.Timing({cooldownSeconds: COOLDOWN, appealSeconds: APPEAL, arbiterSeconds: DECIDE, epochsOpen: EPOCHS_OPEN})
                )
            )
        );
    }

    function put(bytes32 machine, address owner, uint256 amount) internal {
        token.mint(address(this), amount);
        token.approve(address(stake), amount);
        stake.deposit(machine, owner, amount);
    }

    function leafOf(uint128 amount, uint128 paid) internal view returns (IStake.Leaf memory leaf) {
        return IStake.Leaf({
            epoch: rewards.finalEpoch() + 1,
            index: 0,
            machine: MACHINE,
            owner: OWNER,
            amount: amount,
            victim: VICTIM,
            lease: LEASE,
            paid: paid,
            evidence: keccak256("evidence")
        });
    }

    /// @dev Posted with a bond as the next epoch's root of slashes; it waits for disputes.
    function posted(bytes32 slashRoot) internal returns (IRewards.Roots memory roots) {
        roots.slashRoot = slashRoot;
        roots.policyHash = HASH;
        roots.grants = new uint256[](2);
        vm.prank(POSTER);
        rewards.post(roots);
    }

    /// @dev With a bond, by anybody who has it.
    function disputed(address by) internal {
        IRewards.Pending memory pending = rewards.pending();
        token.mint(by, pending.disputeBond);
        vm.startPrank(by);
        token.approve(address(rewards), pending.disputeBond);
        rewards.dispute(pending.id);
        vm.stopPrank();
    }

    /// @dev Posted, and final since nobody disputed it.
    function makeFinal(bytes32 slashRoot) internal {
        IRewards.Roots memory roots = posted(slashRoot);
        vm.warp(rewards.pending().disputableUntil + 1);
        rewards.settle(roots);
    }

    /// @dev The leaf, made final as the only one of the next epoch, and announced.
    function announced(IStake.Leaf memory leaf) internal returns (bytes32 id) {
        id = stake.leafId(leaf);
        makeFinal(id);
        stake.announce(leaf, new bytes32[](0));
    }

    function appealed(bytes32 id, address by) internal {
        token.mint(by, APPEAL_BOND);
        vm.startPrank(by);
        token.approve(address(stake), APPEAL_BOND);
        stake.appeal(id);
        vm.stopPrank();
    }

    function skip(uint256 seconds_) internal {
        vm.warp(vm.getBlockTimestamp() + seconds_);
    }

    function stageOf(bytes32 id) internal view returns (uint256 stage) {
        return uint256(stake.slashOf(id).stage);
    }
}
