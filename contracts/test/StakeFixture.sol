// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPolicy} from "../src/interfaces/IPolicy.sol";
import {IRewards} from "../src/interfaces/IRewards.sol";
import {IStake} from "../src/interfaces/IStake.sol";
import {Names} from "../src/Names.sol";
import {Policy} from "../src/Policy.sol";
import {Stake} from "../src/Stake.sol";
import {FreeToken} from "./hostile/FreeToken.sol";
import {PolicyFixture} from "./PolicyFixture.sol";
import {Test} from "./Vm.sol";

/// @dev The part of Rewards that Stake reads, with roots that a test makes final at once.
contract FinalRoots {
    uint256 public finalEpoch;
    mapping(uint256 epoch => bytes32 root) public slashRoot;

    function finalise(bytes32 root) external returns (uint256 epoch) {
        epoch = ++finalEpoch;
        slashRoot[epoch] = root;
    }
}

/// @dev A Stake with a machine that has some, and the shortest way to a slash that may be announced: a root of one leaf is the leaf.
abstract contract StakeFixture is Test, PolicyFixture {
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

    FinalRoots internal roots;
    FreeToken internal token;
    Stake internal stake;
    Policy internal policy;

    function setUpStake() internal {
        vm.warp(START);
        roots = new FinalRoots();
        token = new FreeToken(18);
        IPolicy.ParameterParameters[] memory bond = new IPolicy.ParameterParameters[](1);
        bond[0] = IPolicy.ParameterParameters(Names.APPEAL_BOND, APPEAL_BOND, 1, 1_000);
        policy = newPolicy(bond);
        stake = newStake(token);
    }

    function newStake(FreeToken of_) internal returns (Stake made) {
        return Stake(
            deploy(
                "Stake",
                abi.encode(
                    IERC20(of_),
                    policy,
                    IRewards(address(roots)),
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
            epoch: roots.finalEpoch() + 1,
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

    /// @dev The leaf, made final as the only one of the next epoch, and announced.
    function announced(IStake.Leaf memory leaf) internal returns (bytes32 id) {
        id = stake.leafId(leaf);
        roots.finalise(id);
        stake.announce(leaf, new bytes32[](0));
    }

    function appealed(bytes32 id, address by) internal {
        token.mint(by, APPEAL_BOND);
        vm.startPrank(by);
        token.approve(address(stake), APPEAL_BOND);
        stake.appeal(id);
        vm.stopPrank();
    }

    function stageOf(bytes32 id) internal view returns (uint256 stage) {
        return uint256(stake.slashOf(id).stage);
    }
}
